CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'touched'; RETURN NEW; END $$;
CREATE TRIGGER orders_touch BEFORE UPDATE OF status ON orders FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION touch();
ALTER TABLE orders DISABLE TRIGGER orders_touch;
COMMENT ON TRIGGER orders_touch ON orders IS 'switched off during imports';
