ALTER TABLE depots ADD COLUMN city text;
