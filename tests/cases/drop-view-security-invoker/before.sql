CREATE VIEW open_orders WITH (security_invoker = true) AS SELECT id FROM orders WHERE status <> 'shipped';
GRANT SELECT ON open_orders TO app_reader;
