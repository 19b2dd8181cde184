CREATE UNIQUE INDEX orders_customer_key ON orders (status);
