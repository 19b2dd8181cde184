CREATE TABLE "Order Items" (id bigint PRIMARY KEY, "order" bigint, "group" text, "Größe" text, "it's odd" int, padding text) WITH (fillfactor = 10);
INSERT INTO "Order Items" SELECT n, n, 'g' || n % 7, 'G' || n, n, repeat('x', 900) FROM generate_series(1, 1200) n;
