-- What the next file looks up.
CREATE TABLE accounts (id integer PRIMARY KEY, name text, CONSTRAINT name_is_short CHECK (length(name) < 50));
CREATE TABLE entries (id integer PRIMARY KEY, account_id integer REFERENCES accounts, amount numeric);
CREATE TABLE entries_old (id integer, account_id integer REFERENCES accounts, amount numeric);
CREATE TABLE log (id integer, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE parts (id integer NOT NULL) PARTITION BY HASH (id);
CREATE TABLE empty_one (id integer, flag text);
CREATE VIEW account_names AS SELECT name FROM accounts;
CREATE TABLE settings (id integer, old_flag boolean DEFAULT false, old_mode text);
