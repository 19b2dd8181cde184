CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('open', 'closed');
CREATE DOMAIN shop.money AS numeric(12, 2) CHECK (VALUE >= 0);
CREATE SEQUENCE shop.numbers START 1000;
CREATE TABLE shop.customers (
    id bigserial PRIMARY KEY,
    email text NOT NULL UNIQUE
);
CREATE TABLE shop.orders (
    id bigint PRIMARY KEY DEFAULT nextval('shop.numbers'),
    customer bigint NOT NULL REFERENCES shop.customers ON DELETE CASCADE,
    state shop.state NOT NULL DEFAULT 'open',
    total shop.money
);
ALTER SEQUENCE shop.numbers OWNED BY shop.orders.id;
CREATE INDEX ON shop.orders (customer) WHERE state = 'open';
CREATE VIEW shop.open_orders AS SELECT * FROM shop.orders WHERE state = 'open';
CREATE MATERIALIZED VIEW shop.totals AS SELECT customer, sum(total) FROM shop.orders GROUP BY 1;
CREATE FUNCTION shop.close(bigint) RETURNS void LANGUAGE sql AS 'UPDATE shop.orders SET state = ''closed'' WHERE id = $1';
CREATE STATISTICS shop.orders_stat ON customer, state FROM shop.orders;
COMMENT ON TABLE shop.orders IS 'every order';
GRANT USAGE ON SCHEMA shop TO app_user;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO app_user;
