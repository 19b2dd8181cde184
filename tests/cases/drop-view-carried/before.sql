CREATE VIEW open_orders WITH (security_barrier) AS SELECT id, customer_id, status FROM orders WHERE status <> 'shipped';
ALTER VIEW open_orders OWNER TO app_owner;
GRANT SELECT ON open_orders TO app_reader;
GRANT UPDATE (status) ON open_orders TO app_user;
COMMENT ON VIEW open_orders IS 'what the warehouse sees';
COMMENT ON COLUMN open_orders.id IS 'the order';
ALTER VIEW open_orders ALTER COLUMN status SET DEFAULT 'new';
