DO $$
BEGIN
    IF EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'customer_id') THEN
        CREATE INDEX orders_customer_idx ON orders (customer_id);
    END IF;
END
$$;
