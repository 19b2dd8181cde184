CREATE TABLE events (id bigint, at date NOT NULL, kind text, padding text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_2024_click PARTITION OF events_2024 FOR VALUES IN ('click') WITH (fillfactor = 10);
CREATE TABLE events_2024_rest PARTITION OF events_2024 DEFAULT;
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events SELECT n, '2024-02-03', 'click', repeat('x', 900) FROM generate_series(1, 1200) n;
INSERT INTO events SELECT n, '2024-01-01'::date + n, 'view' FROM generate_series(1, 1000) n;
