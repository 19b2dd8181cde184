-- What uses functions and a schema.
CREATE SCHEMA away;
CREATE TABLE counts (id integer PRIMARY KEY, n integer);
CREATE TABLE counted_rows (id integer PRIMARY KEY, name text);
CREATE TABLE renumbered (id integer, v text);
CREATE FUNCTION away.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE noted (id integer);
CREATE TRIGGER noting AFTER INSERT ON noted EXECUTE FUNCTION away.noted();
CREATE FUNCTION away.allowed(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE POLICY only_allowed ON counts USING (away.allowed(n));
CREATE TABLE indexed (n integer);
CREATE INDEX indexed_allowed ON indexed (away.allowed(n));
CREATE TABLE checked (n integer, CHECK (away.allowed(n)));
CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE POLICY normal ON counted_rows USING (norm (name) = 'a');
CREATE INDEX renumbered_norm ON renumbered (norm(v));
CREATE VIEW normal_rows AS SELECT norm(name) AS name FROM counted_rows;
