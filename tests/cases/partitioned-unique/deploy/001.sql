ALTER TABLE events ADD UNIQUE (id, at, kind);
