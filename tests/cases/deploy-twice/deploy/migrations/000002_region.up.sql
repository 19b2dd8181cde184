ALTER TABLE depots ADD COLUMN region text;
CREATE INDEX depots_region_idx ON depots (region);
