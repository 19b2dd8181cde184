ALTER TABLE orders RENAME COLUMN note TO remark;
CREATE INDEX ON orders (remark);
ALTER TABLE orders RENAME TO purchases;
ALTER TABLE purchases ADD CHECK (total > 0);
ALTER TABLE purchases ALTER COLUMN status SET NOT NULL;
CREATE INDEX ON purchases (customer_id);
