UPDATE orders SET reference = 'R40' WHERE id IN (41, 42);
UPDATE orders SET status = NULL WHERE id IN (7, 8, 9, 10, 11, 12, 13);
UPDATE orders SET customer_id = 99999 WHERE id = 17;
UPDATE orders SET note = 'x' WHERE id IN (3, 4);
CREATE TABLE "Odd" ("Key one" integer, "select" text, PRIMARY KEY ("Key one", "select"));
INSERT INTO "Odd" VALUES (1, 'a'), (1, 'b'), (2, 'a');
