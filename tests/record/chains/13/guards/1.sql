-- What the next file asks after.
CREATE TABLE accounts (id integer PRIMARY KEY, name text);
CREATE TABLE payments (id integer PRIMARY KEY, account_id integer);
INSERT INTO accounts VALUES (1, 'a');
INSERT INTO payments VALUES (1, 1);
