CREATE INDEX customers_lower_idx ON customers (lower(email), country_code) WITH (fillfactor = 80);
ALTER INDEX customers_lower_idx ALTER COLUMN 1 SET STATISTICS 500;
COMMENT ON INDEX customers_lower_idx IS 'for the sign-in page; don''t drop';
CREATE UNIQUE INDEX orders_open_idx ON orders USING btree (reference COLLATE "C" DESC NULLS LAST) WHERE status <> 'shipped';
