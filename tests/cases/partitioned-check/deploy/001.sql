ALTER TABLE events ADD CONSTRAINT events_id_check CHECK (id > 0);
