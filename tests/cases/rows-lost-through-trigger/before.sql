CREATE TABLE reminders (order_id bigint NOT NULL, at date NOT NULL DEFAULT '2026-01-01');
INSERT INTO reminders SELECT n FROM generate_series(1, 20) n;
CREATE FUNCTION forget_reminders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reminders WHERE order_id = NEW.id;
    RETURN NEW;
END
$$;
CREATE TRIGGER orders_paid AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION forget_reminders();
