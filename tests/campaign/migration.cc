#include "campaign/migration.h"

#include <fmt/core.h>

namespace pgbelay::test {

namespace {

// Table `ran` gets a row from each transaction of a migration: one that ran twice, or not at all, shows.
std::string tables(int rows) {
    return fmt::format(
        "CREATE TABLE ran (step text NOT NULL);"
        "CREATE TABLE customers (id bigint PRIMARY KEY, email text, region text, visits integer NOT NULL DEFAULT 0);"
        "INSERT INTO customers SELECT i, 'c' || i, 'eu' FROM generate_series(1, {0}) AS i;"
        "CREATE INDEX customers_region_idx ON customers (region);"
        "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, code text NOT NULL, total numeric);"
        "INSERT INTO orders SELECT i, i, 'o' || i, i FROM generate_series(1, {0}) AS i;"
        "CREATE INDEX orders_total_idx ON orders (total);"
        "CREATE INDEX orders_code_idx ON orders (code);"
        "CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL, sku text NOT NULL, amount integer NOT NULL);"
        "INSERT INTO items SELECT i, i, 's' || i, i % 7 FROM generate_series(1, {0}) AS i;"
        "CREATE TABLE readings (id bigint NOT NULL, sensor integer NOT NULL, value numeric NOT NULL) PARTITION BY RANGE (id);"
        "CREATE TABLE readings_low PARTITION OF readings FOR VALUES FROM (0) TO ({0} / 2);"
        "CREATE TABLE readings_high PARTITION OF readings FOR VALUES FROM ({0} / 2) TO (MAXVALUE) PARTITION BY LIST (sensor);"
        "CREATE TABLE readings_high_odd PARTITION OF readings_high FOR VALUES IN (1, 3, 5);"
        "CREATE TABLE readings_high_rest PARTITION OF readings_high DEFAULT;"
        "INSERT INTO readings SELECT i, i % 6, i FROM generate_series(1, {0}) AS i;",
        rows);
}

}  // namespace

std::vector<std::string> Migration::command() const {
    std::vector<std::string> words{"deploy", "-y", "--limit", "tiny=0"};
    for (const auto& [file, text] : files) {
        words.push_back(file);
    }
    return words;
}

Migration one_of_each() {
    return {.name = "each",
            .before = tables(200),
            .files = {{"001_indexes.sql",
                       "CREATE INDEX orders_customer_idx ON orders (customer_id);\n"
                       "REINDEX INDEX orders_code_idx;\n"
                       "DROP INDEX customers_region_idx;\n"
                       "CREATE INDEX readings_sensor_idx ON readings (sensor);\n"},
                      {"002_rows.sql",
                       "BEGIN;\n"
                       "INSERT INTO ran VALUES ('rows');\n"
                       "UPDATE customers SET visits = visits + 1;\n"
                       "COMMIT;\n"},
                      {"003_group.sql",
                       "BEGIN;\n"
                       "INSERT INTO ran VALUES ('group');\n"
                       "ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id);\n"
                       "DROP INDEX orders_total_idx;\n"
                       "CREATE INDEX orders_total_idx ON orders (total DESC);\n"
                       "COMMIT;\n"}}};
}

Migration mixed() {
    return {.name = "mixed",
            .before = tables(20'000),
            .files = {{"001_indexes.sql",
                       "CREATE INDEX orders_customer_idx ON orders (customer_id);\n"
                       "CREATE UNIQUE INDEX items_sku_idx ON items (sku);\n"
                       "CREATE INDEX items_odd_idx ON items (order_id) WHERE amount % 2 = 1;\n"
                       "REINDEX INDEX orders_code_idx;\n"
                       "DROP INDEX customers_region_idx;\n"},
                      {"002_rows.sql",
                       "BEGIN;\n"
                       "INSERT INTO ran VALUES ('visits');\n"
                       "UPDATE customers SET visits = visits + 1;\n"
                       "COMMIT;\n"
                       "BEGIN;\n"
                       "INSERT INTO ran VALUES ('totals');\n"
                       "UPDATE orders SET total = total + 1 WHERE id % 2 = 0;\n"
                       "COMMIT;\n"},
                      {"003_constraints.sql",
                       "ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id);\n"
                       "ALTER TABLE customers ALTER COLUMN email SET NOT NULL;\n"
                       "ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE (email);\n"
                       "ALTER TABLE items ADD CONSTRAINT items_amount_check CHECK (amount >= 0);\n"},
                      {"004_partitions.sql",
                       "CREATE INDEX readings_value_idx ON readings (value);\n"
                       "ALTER TABLE readings ADD CONSTRAINT readings_key UNIQUE (id, sensor);\n"
                       "CREATE TABLE readings_archive (LIKE readings);\n"
                       "INSERT INTO readings_archive SELECT -i, 2, i FROM generate_series(1, 100) AS i;\n"
                       "ALTER TABLE readings ATTACH PARTITION readings_archive FOR VALUES FROM (MINVALUE) TO (0);\n"},
                      {"005_groups.sql",
                       "BEGIN;\n"
                       "INSERT INTO ran VALUES ('regions');\n"
                       "CREATE TABLE regions (code text PRIMARY KEY, name text NOT NULL);\n"
                       "INSERT INTO regions VALUES ('eu', 'Europe');\n"
                       "ALTER TABLE customers ADD COLUMN vip boolean NOT NULL DEFAULT false;\n"
                       "COMMIT;\n"
                       "BEGIN;\n"
                       "INSERT INTO ran VALUES ('total index');\n"
                       "DROP INDEX orders_total_idx;\n"
                       "CREATE INDEX orders_total_idx ON orders (total DESC);\n"
                       "COMMIT;\n"},
                      {"006_last.sql",
                       "INSERT INTO ran VALUES ('last');\n"
                       "UPDATE items SET amount = amount + 1 WHERE id <= 100;\n"}}};
}

}  // namespace pgbelay::test
