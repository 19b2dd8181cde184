-- +goose Up
CREATE TABLE depots (id int PRIMARY KEY);

-- +goose Down
DROP TABLE depots;
