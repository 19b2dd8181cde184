-- What the next file renames, and deletes from.
CREATE TABLE renamed_later (id integer PRIMARY KEY);
CREATE TABLE goes_along (id integer PRIMARY KEY, parent_id integer REFERENCES renamed_later ON DELETE CASCADE);
INSERT INTO renamed_later VALUES (1), (2);
INSERT INTO goes_along VALUES (1, 1), (2, 2);
CREATE FUNCTION empties() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM renamed_later WHERE id > 1; END';
