COMMENT ON TABLE orders IS 'café';
