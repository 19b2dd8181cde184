ALTER TABLE orders RENAME COLUMN note TO remark;
ALTER TABLE countries RENAME TO nations;
ALTER INDEX orders_customer_idx RENAME TO orders_by_customer;
