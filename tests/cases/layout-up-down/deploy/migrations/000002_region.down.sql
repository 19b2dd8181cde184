DROP INDEX depots_region_idx;
ALTER TABLE depots DROP COLUMN region;
