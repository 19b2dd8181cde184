BEGIN;
ALTER TABLE events ADD COLUMN note text;
CREATE UNIQUE INDEX events_key ON events (id, at, kind);
COMMIT;
CREATE INDEX CONCURRENTLY ON events (kind);
