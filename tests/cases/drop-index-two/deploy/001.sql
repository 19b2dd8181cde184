DROP INDEX IF EXISTS orders_customer_idx, orders_status_idx, orders_missing_idx;
