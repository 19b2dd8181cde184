-- What came with PostgreSQL 18.
CREATE TABLE modern (id integer PRIMARY KEY, a integer, b integer, during daterange);
INSERT INTO modern (id, a, b) SELECT g, g, g FROM generate_series(1, 300) g;
ALTER TABLE modern ADD COLUMN v integer GENERATED ALWAYS AS (a * 2) VIRTUAL;
ALTER TABLE modern ADD CONSTRAINT a_there NOT NULL a NOT VALID;
ALTER TABLE modern VALIDATE CONSTRAINT a_there;
ALTER TABLE modern ADD CONSTRAINT sure CHECK (b > 0) NOT ENFORCED;
CREATE TABLE others (id integer PRIMARY KEY, modern_id integer);
ALTER TABLE others ADD CONSTRAINT loose FOREIGN KEY (modern_id) REFERENCES modern NOT ENFORCED;
ALTER TABLE modern ALTER COLUMN b SET NOT NULL;
ALTER TABLE modern ALTER COLUMN b DROP NOT NULL;
DROP TABLE others;
DROP TABLE modern;
