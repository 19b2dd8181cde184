CREATE INDEX IF NOT EXISTS events_id_idx ON events (id);
