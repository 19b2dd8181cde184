BEGIN;
UPDATE orders SET note = 'held' WHERE id = 1;
