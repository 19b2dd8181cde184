ALTER TABLE orders ALTER COLUMN reference TYPE varchar(40);
ALTER TABLE orders ALTER COLUMN id TYPE numeric;
