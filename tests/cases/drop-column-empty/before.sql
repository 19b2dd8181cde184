ALTER TABLE orders ALTER COLUMN note SET STATISTICS 200;
COMMENT ON COLUMN orders.note IS 'free text';
GRANT UPDATE (note) ON orders TO app_user;
