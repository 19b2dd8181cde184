ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON orders AS RESTRICTIVE FOR UPDATE TO app_user, app_reader USING (true) WITH CHECK (total > 0);
COMMENT ON POLICY everything ON orders IS 'for now';
