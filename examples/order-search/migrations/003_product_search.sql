-- pgbelay: when SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('products') AND attname = 'barcode' AND NOT attisdropped)
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_barcode_idx ON products (barcode);

ALTER TABLE products ADD COLUMN search tsvector;

CREATE FUNCTION products_search_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := setweight(to_tsvector('simple', NEW.name), 'A') || setweight(to_tsvector('simple', coalesce(NEW.description, '')), 'B');
    RETURN NEW;
END
$$;

CREATE TRIGGER products_search BEFORE INSERT OR UPDATE OF name, description, search ON products
    FOR EACH ROW EXECUTE FUNCTION products_search_update();

-- In parts, so that no row is locked for long: the trigger fills them.
UPDATE products SET search = NULL WHERE id % 4 = 0 AND search IS NULL;
UPDATE products SET search = NULL WHERE id % 4 = 1 AND search IS NULL;
UPDATE products SET search = NULL WHERE id % 4 = 2 AND search IS NULL;
UPDATE products SET search = NULL WHERE id % 4 = 3 AND search IS NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS products_search_idx ON products USING gin (search);
