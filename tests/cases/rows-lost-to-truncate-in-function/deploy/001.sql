ALTER TABLE countries ADD COLUMN region text;
SELECT recompute();
