ALTER TABLE orders ADD COLUMN discount numeric(5, 2) NOT NULL DEFAULT 0 CONSTRAINT discount_range CHECK (discount BETWEEN 0 AND 100);
