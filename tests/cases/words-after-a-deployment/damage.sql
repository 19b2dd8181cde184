UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_customer_idx'::regclass;
