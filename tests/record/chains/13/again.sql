-- What goes and comes back, and what was never there: in one statement, in a block, under IF EXISTS.
CREATE TABLE bolts (id text PRIMARY KEY, name text, price integer, weight integer);
CREATE INDEX bolts_name ON bolts (name);
CREATE INDEX bolts_price ON bolts (price);
CREATE INDEX bolts_weight ON bolts (weight);
INSERT INTO bolts VALUES ('a', 'bolt', 1, 2);
DROP TRIGGER IF EXISTS nowhere ON bolts;
DROP POLICY IF EXISTS nowhere ON bolts;
DROP RULE IF EXISTS nowhere ON bolts;
ALTER TABLE bolts ALTER COLUMN price TYPE bigint, ALTER COLUMN weight TYPE bigint;
ALTER TABLE bolts DROP CONSTRAINT bolts_pkey, DROP COLUMN id, ADD COLUMN id serial NOT NULL, ADD CONSTRAINT bolts_pkey PRIMARY KEY (id);
ALTER TABLE bolts DROP COLUMN name, ADD COLUMN name text;
CREATE TABLE bolt_orders (id serial PRIMARY KEY, part_id integer REFERENCES bolts (id), up integer REFERENCES bolt_orders (id));
ALTER TABLE bolts DROP COLUMN weight, ADD COLUMN serial_number serial;
INSERT INTO bolt_orders (id, part_id, up) VALUES (1, NULL, NULL), (2, NULL, 1);
TRUNCATE bolt_orders RESTART IDENTITY;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'bolt_orders_up_fkey') THEN
        ALTER TABLE bolt_orders DROP CONSTRAINT bolt_orders_up_fkey;
    END IF;
    ALTER TABLE bolt_orders RENAME COLUMN up TO above;
    CREATE TABLE nuts (id integer PRIMARY KEY);
    CREATE INDEX nuts_id ON nuts (id);
END $$;
ALTER TABLE bolt_orders ADD CONSTRAINT bolt_orders_up_fkey FOREIGN KEY (above) REFERENCES bolt_orders (id);
INSERT INTO nuts VALUES (1);
ALTER TABLE bolt_orders ADD COLUMN up integer;
DELETE FROM nuts;
ALTER TABLE nuts ADD COLUMN n integer NOT NULL;
DROP INDEX nuts_id;
