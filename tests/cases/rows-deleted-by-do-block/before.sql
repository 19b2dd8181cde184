CREATE TABLE sessions (id bigint);
INSERT INTO sessions SELECT n FROM generate_series(1, 30) n;
CREATE TABLE tokens (id bigint);
INSERT INTO tokens SELECT n FROM generate_series(1, 30) n;
