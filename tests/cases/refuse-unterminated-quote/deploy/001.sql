ALTER TABLE orders ADD COLUMN region text;
COMMENT ON COLUMN orders.region IS 'the customer's region';
