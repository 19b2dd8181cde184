BEGIN;
ALTER TABLE orders ADD COLUMN region text;
UPDATE orders SET region = 'EU';
ALTER TABLE orders ALTER COLUMN region SET NOT NULL;
ALTER TABLE orders ADD CONSTRAINT orders_region_check CHECK (region IN ('EU', 'US'));
CREATE INDEX orders_region_idx ON orders (region);
COMMIT;
