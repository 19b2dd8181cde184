-- migrate:up
CREATE TABLE depots (id int PRIMARY KEY);

-- migrate:down
DROP TABLE depots;
