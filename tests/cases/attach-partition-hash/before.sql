CREATE TABLE visits (id bigint, padding text) PARTITION BY HASH (id);
CREATE TABLE half (id bigint, padding text) WITH (fillfactor = 10);
INSERT INTO half SELECT n, repeat('x', 900) FROM generate_series(1, 1200) n;
