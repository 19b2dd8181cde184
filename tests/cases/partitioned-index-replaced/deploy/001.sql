BEGIN;
DROP INDEX events_id_idx;
CREATE INDEX events_id_idx ON events (id, kind);
COMMIT;
