-- What came with PostgreSQL 17.
CREATE TABLE computed (id integer PRIMARY KEY, a integer, doubled integer GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO computed (id, a) SELECT g, g FROM generate_series(1, 300) g;
CREATE INDEX computed_doubled ON computed (doubled);
ALTER TABLE computed ALTER COLUMN doubled SET EXPRESSION AS (a * 3);
ALTER TABLE computed ALTER COLUMN a SET STATISTICS DEFAULT;
MERGE INTO computed c USING (VALUES (1)) s (id) ON s.id = c.id WHEN MATCHED THEN UPDATE SET a = 5 WHEN NOT MATCHED BY SOURCE AND c.id > 290 THEN DELETE;
DROP TABLE computed;
