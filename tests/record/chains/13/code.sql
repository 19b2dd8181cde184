-- Functions, blocks, triggers, rules and views: what they touch in passing.
CREATE TABLE accounts (id serial PRIMARY KEY, name text, balance numeric DEFAULT 0, updated timestamptz);
CREATE TABLE audit (id bigserial PRIMARY KEY, what text, account_id integer, at timestamptz DEFAULT now());
CREATE TABLE totals (name text PRIMARY KEY, n integer NOT NULL DEFAULT 0);
CREATE TABLE quiet (id integer);
CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit (what, account_id) VALUES ('new', NEW.id);
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE totals SET n = n + 1 WHERE name = NEW.name;
    ELSE
        DELETE FROM quiet WHERE id = OLD.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER auditing AFTER INSERT OR UPDATE OR DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION audited();
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated := now(); RETURN NEW; END $$;
CREATE TRIGGER touching BEFORE UPDATE OF balance ON accounts FOR EACH ROW EXECUTE FUNCTION touched();
UPDATE accounts SET balance = 1;
INSERT INTO accounts (name) VALUES ('a'), ('b');
UPDATE accounts SET balance = 2 WHERE name = 'a';
UPDATE accounts SET name = 'c' WHERE name = 'b';
DELETE FROM accounts WHERE name = 'c';
ALTER TABLE accounts DISABLE TRIGGER auditing;
INSERT INTO accounts (name) VALUES ('d');
ALTER TABLE accounts ENABLE TRIGGER auditing;
CREATE FUNCTION pay(amount numeric) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT id FROM accounts LOOP
        UPDATE accounts SET balance = balance + amount WHERE id = r.id;
    END LOOP;
    PERFORM nextval('accounts_id_seq');
END $$;
SELECT pay(3);
CREATE FUNCTION counted(new_name text) RETURNS integer LANGUAGE sql AS $$
    INSERT INTO totals (name) VALUES (new_name);
    UPDATE totals SET n = n + 1 WHERE name = new_name RETURNING n;
$$;
SELECT counted('a');
CREATE PROCEDURE clear_quiet() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM quiet; END $$;
CALL clear_quiet();
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'quiet' AND column_name = 'extra') THEN
        ALTER TABLE quiet ADD COLUMN extra text;
    END IF;
END $$;
DO $$
DECLARE
    found_id integer;
BEGIN
    INSERT INTO quiet (id) VALUES (7) RETURNING id INTO found_id;
    EXECUTE 'CREATE INDEX quiet_id ON quiet (id)';
EXCEPTION WHEN duplicate_table THEN
    NULL;
END $$;
CREATE VIEW rich AS SELECT id, name, balance FROM accounts WHERE balance > 1;
CREATE VIEW richest AS SELECT id, name FROM rich;
UPDATE rich SET balance = 5 WHERE id = 1;
DELETE FROM richest WHERE id = 1;
CREATE OR REPLACE VIEW rich AS SELECT id, name, balance, updated FROM accounts WHERE balance > 2;
CREATE RULE keep AS ON DELETE TO totals DO INSTEAD UPDATE totals SET n = 0 WHERE name = OLD.name;
CREATE RULE also AS ON INSERT TO quiet DO ALSO INSERT INTO totals (name) VALUES ('r' || NEW.id);
DELETE FROM totals WHERE name = 'a';
INSERT INTO quiet (id) VALUES (99);
DROP RULE also ON quiet;
CREATE MATERIALIZED VIEW sums AS SELECT name, sum(balance) AS total FROM accounts GROUP BY name;
CREATE UNIQUE INDEX sums_name ON sums (name);
REFRESH MATERIALIZED VIEW sums;
REFRESH MATERIALIZED VIEW CONCURRENTLY sums;
CREATE TABLE copied AS SELECT * FROM accounts;
SELECT * INTO copied_2 FROM accounts;
CREATE POLICY own_rows ON accounts USING (name = current_user AND id IN (SELECT account_id FROM audit));
ALTER POLICY own_rows ON accounts RENAME TO own;
DROP POLICY own ON accounts;
CREATE STATISTICS accounts_stats ON name, balance FROM accounts;
ALTER STATISTICS accounts_stats SET STATISTICS 200;
ANALYZE accounts;
EXPLAIN UPDATE accounts SET balance = 1;
EXPLAIN (ANALYZE, COSTS OFF) DELETE FROM audit WHERE id = 1;
COMMENT ON TRIGGER auditing ON accounts IS 'who';
COMMENT ON COLUMN accounts.name IS 'whose';
COMMENT ON CONSTRAINT accounts_pkey ON accounts IS 'key';
ALTER TRIGGER touching ON accounts RENAME TO touch_first;
DROP TRIGGER touch_first ON accounts;
DROP FUNCTION audited() CASCADE;
DROP VIEW rich CASCADE;
DROP MATERIALIZED VIEW sums;
DROP TABLE copied, copied_2, quiet;
DROP TABLE accounts CASCADE;
-- What TRUNCATE's triggers, defaults and COPY lead to, and statistics.
CREATE TABLE emptied (id integer);
CREATE TABLE emptied_log (at timestamptz);
CREATE FUNCTION note_emptied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO emptied_log VALUES (now()); RETURN NULL; END $$;
CREATE TRIGGER emptied_noted AFTER TRUNCATE ON emptied FOR EACH STATEMENT EXECUTE FUNCTION note_emptied();
TRUNCATE emptied;
CREATE FUNCTION numbered() RETURNS bigint LANGUAGE sql AS $$ INSERT INTO emptied_log VALUES (now()) RETURNING 1::bigint $$;
CREATE TABLE takes_number (id bigint DEFAULT numbered(), of_emptied integer);
INSERT INTO takes_number (of_emptied) VALUES (1);
INSERT INTO takes_number VALUES (1, 1);
CREATE TABLE copied_to (id integer PRIMARY KEY);
INSERT INTO copied_to VALUES (1);
CREATE TABLE copied (id integer REFERENCES copied_to, part integer NOT NULL) PARTITION BY LIST (part);
CREATE TABLE copied_1 PARTITION OF copied FOR VALUES IN (1);
COPY copied FROM stdin;
1	1
\.
COPY copied FROM stdin;
\.
CREATE STATISTICS of_copied ON id, part FROM copied;
DROP STATISTICS of_copied;
CREATE SCHEMA hidden_away;
CREATE TABLE hidden_away.emptied (id integer);
CREATE FUNCTION inside() RETURNS void LANGUAGE sql SET search_path TO hidden_away, pg_temp AS $$ INSERT INTO emptied VALUES (1) $$;
