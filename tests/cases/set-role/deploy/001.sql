SET ROLE app_owner;
CREATE TABLE app.notes (id int PRIMARY KEY);
CREATE INDEX items_padding_idx ON app.items (left(padding, 10));
RESET ROLE;
CREATE TABLE app.audit (id int PRIMARY KEY);
