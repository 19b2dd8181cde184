GRANT SELECT, INSERT ON orders TO app_user;
REVOKE SELECT ON customers FROM app_reader;
ALTER TABLE countries OWNER TO app_owner;
COMMENT ON TABLE orders IS 'every order';
