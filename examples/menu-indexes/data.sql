-- The same rows every time. Few restaurants have most of everything, and nearly all that is old is done.
\if :{?scale}
\else
\set scale 1
\endif
SELECT setseed(0.75);
CREATE FUNCTION pg_temp.restaurant() RETURNS bigint LANGUAGE sql VOLATILE
    RETURN 1 + floor(power(random(), 3) * 500)::bigint;
CREATE FUNCTION pg_temp.status(i bigint) RETURNS text LANGUAGE sql
    RETURN CASE WHEN i % 100 = 0 THEN 'failed' WHEN i % 40 = 0 THEN 'open' ELSE 'done' END;
CREATE FUNCTION pg_temp.past(i bigint) RETURNS timestamptz LANGUAGE sql
    RETURN timestamptz '2025-11-01 00:00+00' - make_interval(secs => i * 20);

INSERT INTO menu.restaurants (name, city, active)
SELECT 'Restaurant ' || i, 'City ' || floor(power(random(), 2) * 60)::integer, i % 12 > 0
  FROM generate_series(1, 500 * :scale) AS i;
INSERT INTO menu.locations (restaurant_id, postal_code, open)
SELECT pg_temp.restaurant(), lpad((i % 9000)::text, 5, '0'), i % 7 > 0
  FROM generate_series(1, 2000 * :scale) AS i;
INSERT INTO menu.menus (restaurant_id, name, season, active)
SELECT pg_temp.restaurant(), 'Menu ' || i, (ARRAY['spring','summer','autumn','winter'])[1 + i % 4], i % 3 > 0
  FROM generate_series(1, 4000 * :scale) AS i;
INSERT INTO menu.courses (menu_id, restaurant_id, position, name)
SELECT 1 + i % 4000, pg_temp.restaurant(), i % 9, 'Course ' || i % 9
  FROM generate_series(1, 12000 * :scale) AS i;
INSERT INTO menu.dishes (restaurant_id, course_id, name, price, active)
SELECT pg_temp.restaurant(), 1 + i % 12000, 'Dish ' || i, (random() * 60 + 2)::numeric(8,2), i % 6 > 0
  FROM generate_series(1, 60000 * :scale) AS i;
INSERT INTO menu.dish_prices (dish_id, size, price)
SELECT 1 + i % 60000, (ARRAY['small','large','family'])[1 + i % 3], (random() * 60 + 2)::numeric(8,2)
  FROM generate_series(1, 60000 * :scale) AS i;
INSERT INTO menu.modifier_groups (restaurant_id, dish_id, name, required)
SELECT pg_temp.restaurant(), 1 + i % 60000, 'Group ' || i % 40, i % 5 = 0
  FROM generate_series(1, 30000 * :scale) AS i;
INSERT INTO menu.modifiers (group_id, name, surcharge)
SELECT 1 + i % 30000, 'Modifier ' || i % 300, (random() * 5)::numeric(8,2)
  FROM generate_series(1, 60000 * :scale) AS i;
INSERT INTO menu.ingredients (name, allergen)
SELECT 'Ingredient ' || i, CASE WHEN i % 9 = 0 THEN (ARRAY['nuts','milk','gluten'])[1 + i % 3] END
  FROM generate_series(1, 3000 * :scale) AS i;
INSERT INTO menu.dish_ingredients (dish_id, ingredient_id)
SELECT 1 + i % 60000, 1 + floor(power(random(), 2) * 3000)::bigint
  FROM generate_series(1, 80000 * :scale) AS i;
INSERT INTO menu.customers (email, phone, created_at)
SELECT 'guest' || i || '@example.com', '+1555' || lpad(i::text, 7, '0'), pg_temp.past(i)
  FROM generate_series(1, 40000 * :scale) AS i;
INSERT INTO menu.addresses (customer_id, postal_code, street)
SELECT 1 + i % 40000, lpad((i % 9000)::text, 5, '0'), 'Street ' || i % 700
  FROM generate_series(1, 50000 * :scale) AS i;
INSERT INTO menu.orders (restaurant_id, customer_id, status, total, created_at)
SELECT pg_temp.restaurant(), 1 + floor(power(random(), 2) * 40000)::bigint, pg_temp.status(i), (random() * 90 + 5)::numeric(10,2), pg_temp.past(i)
  FROM generate_series(1, 120000 * :scale) AS i;
INSERT INTO menu.order_lines (order_id, dish_id, quantity, price)
SELECT 1 + i % 120000, 1 + floor(power(random(), 2) * 60000)::bigint, 1 + i % 4, (random() * 60 + 2)::numeric(8,2)
  FROM generate_series(1, 200000 * :scale) AS i;
INSERT INTO menu.payments (order_id, status, method, created_at)
SELECT 1 + i % 120000, pg_temp.status(i), (ARRAY['card','cash','voucher'])[1 + i % 3], pg_temp.past(i)
  FROM generate_series(1, 100000 * :scale) AS i;
INSERT INTO menu.drivers (name, city, active)
SELECT 'Driver ' || i, 'City ' || i % 60, i % 4 > 0
  FROM generate_series(1, 1500 * :scale) AS i;
INSERT INTO menu.deliveries (order_id, driver_id, status, promised_at)
SELECT 1 + i % 120000, 1 + floor(power(random(), 2) * 1500)::bigint, pg_temp.status(i), pg_temp.past(i)
  FROM generate_series(1, 60000 * :scale) AS i;
INSERT INTO menu.reviews (restaurant_id, customer_id, rating, created_at)
SELECT pg_temp.restaurant(), 1 + i % 40000, 1 + i % 5, pg_temp.past(i)
  FROM generate_series(1, 30000 * :scale) AS i;
INSERT INTO menu.coupons (restaurant_id, code, valid_until, used)
SELECT pg_temp.restaurant(), 'SAVE' || i, date '2026-01-01' + (i % 400)::integer, i % 3 = 0
  FROM generate_series(1, 20000 * :scale) AS i;
INSERT INTO menu.audit_log (restaurant_id, actor, action, at)
SELECT pg_temp.restaurant(), 'user ' || i % 900, (ARRAY['login','price','menu','refund'])[1 + i % 4], pg_temp.past(i)
  FROM generate_series(1, 80000 * :scale) AS i;
INSERT INTO ops.backups VALUES ('BK-2026-0041', now() - interval '3 hours', now() - interval '1 hour');
VACUUM (ANALYZE);
