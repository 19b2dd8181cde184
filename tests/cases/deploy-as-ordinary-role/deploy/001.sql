ALTER TABLE app.notes ADD COLUMN body text;
CREATE INDEX notes_padding_idx ON app.notes (left(padding, 10));
