ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY own_country ON customers FOR SELECT TO app_user USING (country_code = current_setting('app.country', true));
DROP POLICY everything ON orders;
