ALTER TABLE orders ADD COLUMN region text;
\ir parts/missing.sql
