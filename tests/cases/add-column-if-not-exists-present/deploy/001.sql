ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text UNIQUE CHECK (note <> '') REFERENCES countries (name);
