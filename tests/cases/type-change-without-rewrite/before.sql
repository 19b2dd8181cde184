ALTER TABLE orders ADD COLUMN code varchar(10), ADD COLUMN code2 varchar(10);
