CREATE INDEX events_kind_idx ON events (lower(kind), id DESC) WHERE id > 5;
