CREATE TABLE places (id bigint PRIMARY KEY);
INSERT INTO places SELECT generate_series(1, 2000);
CREATE TABLE visits (id bigint NOT NULL REFERENCES places, at date NOT NULL, kind text, padding text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE INDEX visits_kind_idx ON visits (kind);
CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO visits SELECT n, '2025-02-03', 'x' FROM generate_series(1, 100) n;
CREATE TABLE visits_2024 (id bigint NOT NULL, at date NOT NULL, kind text, padding text) WITH (fillfactor = 10);
INSERT INTO visits_2024 SELECT n, '2024-02-03', 'x', repeat('x', 900) FROM generate_series(1, 1200) n;
