CREATE FUNCTION vat(amount numeric, rate numeric DEFAULT 0.19) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT AS 'SELECT amount * rate';
CREATE FUNCTION vat(amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT amount * 0.19';
ALTER FUNCTION vat(numeric) OWNER TO app_owner;
REVOKE ALL ON FUNCTION vat(numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vat(numeric) TO app_user;
COMMENT ON FUNCTION vat(numeric) IS 'value added tax';
