-- What most cases begin with: two tables that are not tiny (one row a page, over 8 MB), and one that is.
CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    name text,
    country_code char(2),
    signed_up_on date NOT NULL DEFAULT '2024-01-01',
    padding text
) WITH (fillfactor = 10);

INSERT INTO customers (id, email, name, country_code, padding)
SELECT n, 'customer' || n || '@example.com', 'Customer ' || n, (ARRAY['DE', 'FR', 'PT'])[n % 3 + 1], repeat('x', 900)
FROM generate_series(1, 1200) n;

CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    reference text,
    status text DEFAULT 'new',
    total numeric(12, 2) NOT NULL,
    note text,
    padding text
) WITH (fillfactor = 10);

INSERT INTO orders (id, customer_id, reference, status, total, padding)
SELECT n, (n * 7) % 1200 + 1, 'R' || n, (ARRAY['new', 'paid', 'shipped'])[n % 3 + 1], n * 1.5, repeat('x', 900)
FROM generate_series(1, 1200) n;

CREATE TABLE countries (
    code char(2) PRIMARY KEY,
    name text NOT NULL
);

INSERT INTO countries VALUES ('DE', 'Germany'), ('FR', 'France'), ('PT', 'Portugal');
