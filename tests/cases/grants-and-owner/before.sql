GRANT SELECT ON customers TO app_reader;
COMMENT ON TABLE orders IS 'orders';
