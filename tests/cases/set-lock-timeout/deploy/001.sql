SET lock_timeout = '2s';
SET statement_timeout = 0;
\set ON_ERROR_STOP on
ALTER TABLE orders ADD COLUMN region text;
