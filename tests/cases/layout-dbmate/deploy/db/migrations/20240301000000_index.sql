-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY orders_depot_idx ON orders (depot_id);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY orders_depot_idx;
