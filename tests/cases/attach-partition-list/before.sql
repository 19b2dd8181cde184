CREATE TABLE visits (id bigint, at date, kind text, padding text) PARTITION BY RANGE (at, id);
CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01', MINVALUE) TO ('2025-01-01', 7) PARTITION BY LIST (lower(kind));
CREATE TABLE visits_2024_rest PARTITION OF visits_2024 DEFAULT;
INSERT INTO visits SELECT n, '2024-02-03', 'x' FROM generate_series(1, 10) n;
CREATE TABLE odd (id bigint, at date, kind text, padding text) WITH (fillfactor = 10);
INSERT INTO odd SELECT n, '2024-02-03', (ARRAY['A', NULL])[n % 2 + 1], repeat('x', 900) FROM generate_series(1, 1200) n;
