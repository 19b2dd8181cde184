CREATE INDEX ON orders (customer_id) WHERE total > 5;
CREATE TABLE orders_reference_key (id int);
ALTER TABLE countries ADD CONSTRAINT orders_customer_id_fkey CHECK (code <> '');
