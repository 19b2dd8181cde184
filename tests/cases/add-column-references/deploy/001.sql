ALTER TABLE orders ADD COLUMN parent_id bigint REFERENCES orders (id) ON DELETE SET NULL;
