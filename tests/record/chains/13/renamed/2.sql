-- Rows that go along are not in a table that this file names.
SELECT empties();
DROP FUNCTION empties();
ALTER TABLE renamed_later RENAME TO renamed_once;
ALTER TABLE renamed_once RENAME TO renamed_twice;
DELETE FROM renamed_twice;
