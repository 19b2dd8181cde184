BEGIN;
UPDATE orders SET total = 0 WHERE total < 0;
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total >= 0);
COMMIT;
