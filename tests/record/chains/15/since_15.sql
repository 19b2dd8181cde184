-- What came with PostgreSQL 14 and 15.
CREATE TABLE target (id integer PRIMARY KEY, v text, n integer);
CREATE TABLE source (id integer PRIMARY KEY, v text);
INSERT INTO source VALUES (1, 'a'), (2, 'b');
MERGE INTO target t USING source s ON s.id = t.id WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v);
CREATE UNIQUE INDEX target_v ON target (v) NULLS NOT DISTINCT;
ALTER TABLE target ADD CONSTRAINT nn UNIQUE NULLS NOT DISTINCT (id, n);
ALTER TABLE target ALTER COLUMN v SET COMPRESSION pglz;
ALTER TABLE target SET ACCESS METHOD heap;
CREATE VIEW seen WITH (security_invoker) AS SELECT * FROM target;
ALTER VIEW seen SET (security_invoker = false);
CREATE FUNCTION both_of(x integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC INSERT INTO target (id) VALUES (x) RETURNING id; END;
SELECT both_of(17);
CREATE TABLE tree (id integer, at date) PARTITION BY RANGE (at);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO tree_1 VALUES (1, '2025-02-02');
DROP FUNCTION both_of(integer);
DROP TABLE target CASCADE;
DROP TABLE tree;
