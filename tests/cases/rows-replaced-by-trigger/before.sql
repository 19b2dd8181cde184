CREATE TABLE summary (status text, total numeric);
INSERT INTO summary SELECT status, sum(total) FROM orders GROUP BY status;
CREATE FUNCTION summarise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM summary;
    INSERT INTO summary SELECT status, sum(total) FROM orders GROUP BY status;
    RETURN NULL;
END
$$;
CREATE TRIGGER orders_summary AFTER UPDATE ON orders EXECUTE FUNCTION summarise();
