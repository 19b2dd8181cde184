DROP INDEX CONCURRENTLY IF EXISTS products_search_idx;
DROP TRIGGER products_search ON products;
DROP FUNCTION products_search_update();
ALTER TABLE products DROP COLUMN search;
DROP INDEX CONCURRENTLY IF EXISTS products_barcode_idx;
