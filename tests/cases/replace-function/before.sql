CREATE FUNCTION vat(amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT amount * 0.19';
GRANT EXECUTE ON FUNCTION vat(numeric) TO app_user;
CREATE VIEW open_orders AS SELECT id, status FROM orders WHERE status <> 'shipped';
