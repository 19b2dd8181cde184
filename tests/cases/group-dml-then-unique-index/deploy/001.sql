BEGIN;
DELETE FROM orders a USING orders b WHERE a.reference = b.reference AND a.id > b.id;
CREATE UNIQUE INDEX orders_reference_key ON orders (reference);
COMMIT;
