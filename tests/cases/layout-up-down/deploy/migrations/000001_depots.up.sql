CREATE TABLE depots (id int PRIMARY KEY, name text NOT NULL);
