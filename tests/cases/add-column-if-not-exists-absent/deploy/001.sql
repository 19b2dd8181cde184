ALTER TABLE orders ADD COLUMN IF NOT EXISTS country char(2) UNIQUE CHECK (country <> 'XX') REFERENCES countries;
