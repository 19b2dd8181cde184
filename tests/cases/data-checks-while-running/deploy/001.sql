UPDATE orders SET reference = 'R' || id, status = coalesce(status, 'new');
ALTER TABLE orders ADD CONSTRAINT orders_reference_key UNIQUE (reference);
ALTER TABLE orders ALTER COLUMN status SET NOT NULL;
CREATE TABLE made (id bigint PRIMARY KEY, code text UNIQUE, customer_id bigint REFERENCES customers);
ALTER TABLE made ADD CHECK (code <> '');
ALTER TABLE customers ADD COLUMN code text, ADD CONSTRAINT customers_code_key UNIQUE (code);
