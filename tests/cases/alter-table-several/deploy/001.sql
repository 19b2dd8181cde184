ALTER TABLE orders
    ADD COLUMN shipped_on date,
    ALTER COLUMN status SET NOT NULL,
    ADD CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id),
    ADD CONSTRAINT orders_total_positive CHECK (total > 0),
    ADD UNIQUE (reference),
    ALTER COLUMN note SET DEFAULT '',
    ALTER COLUMN total SET STATISTICS 400;
