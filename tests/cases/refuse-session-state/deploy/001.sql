DECLARE c CURSOR WITH HOLD FOR SELECT id FROM orders;
SELECT pg_advisory_lock(42);
ALTER TABLE orders ADD COLUMN region text;
