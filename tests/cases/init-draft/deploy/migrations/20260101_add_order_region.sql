ALTER TABLE orders ADD COLUMN region text;
CREATE INDEX orders_region_idx ON orders (region, total);
CREATE INDEX orders_lower_region ON orders (lower(region));
CREATE INDEX orders_known_region ON orders (region) WHERE region IS NOT NULL;
