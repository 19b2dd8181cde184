ALTER TABLE orders ADD COLUMN region text;
ALTER TABLE orders ADD CONSTRAINT orders_reference_key UNIQUE (reference);
CREATE UNIQUE INDEX orders_note_key ON orders (lower(note) text_pattern_ops DESC, (id % 1)) WHERE note IS NOT NULL -- those with a note
;
ALTER TABLE orders ALTER COLUMN status SET NOT NULL,
    ADD CONSTRAINT orders_total_large CHECK (total > 6 /* not (yet) */),
    ADD CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE "Odd" ADD CONSTRAINT "One" UNIQUE ("Key one");
ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE (email);
