CREATE INDEX ON "Order Items" ("group", lower("Größe"));
ALTER TABLE "Order Items" ADD FOREIGN KEY ("order") REFERENCES orders (id);
ALTER TABLE "Order Items" ALTER COLUMN "group" SET NOT NULL;
ALTER TABLE "Order Items" ADD UNIQUE ("Größe");
ALTER TABLE "Order Items" ADD CHECK ("it's odd" > 0);
ALTER TABLE "Order Items" ADD COLUMN "select" text REFERENCES countries (code);
