-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY orders_depot_idx ON orders (depot_id);

-- +goose Down
DROP INDEX CONCURRENTLY orders_depot_idx;
