CREATE OR REPLACE FUNCTION vat(amount numeric) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT amount * 0.21';
CREATE OR REPLACE VIEW open_orders AS SELECT id, status, total FROM orders;
