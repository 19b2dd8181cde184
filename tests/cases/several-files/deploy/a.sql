CREATE TABLE depots (id int PRIMARY KEY);
