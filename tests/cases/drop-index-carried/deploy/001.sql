DROP INDEX customers_lower_idx;
DROP INDEX orders_open_idx;
