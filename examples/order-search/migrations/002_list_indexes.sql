-- The lists that people look at all day.
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_restaurant_created_idx ON orders (restaurant_id, created_at DESC);
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_open_idx ON orders (restaurant_id) WHERE status = 'open';
CREATE INDEX CONCURRENTLY IF NOT EXISTS order_items_order_idx ON order_items (order_id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS staff_email_idx ON staff (lower(email)) WHERE active;
