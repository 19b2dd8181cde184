ALTER TABLE orders DROP COLUMN region;
COMMENT ON TABLE orders IS 'rolled back by hand';
