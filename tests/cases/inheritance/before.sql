CREATE TABLE old_orders () INHERITS (orders);
INSERT INTO old_orders SELECT -id, customer_id, reference, status, total, note, padding FROM ONLY orders;
