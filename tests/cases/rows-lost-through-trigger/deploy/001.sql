ALTER TABLE reminders ADD COLUMN sent boolean;
UPDATE orders SET note = 'old' WHERE id <= 3;
