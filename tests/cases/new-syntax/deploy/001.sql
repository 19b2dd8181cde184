ALTER TABLE orders ADD CONSTRAINT orders_total_known CHECK (total > 1) NOT ENFORCED;
ALTER TABLE orders ADD COLUMN doubled numeric GENERATED ALWAYS AS (total * 2) VIRTUAL;
ALTER TABLE orders ADD CONSTRAINT orders_note_nn NOT NULL note NOT VALID;
