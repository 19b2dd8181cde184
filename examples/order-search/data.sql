-- The same rows every time: a few restaurants have most of the orders, a few products most of the sales.
\if :{?scale}
\else
\set scale 1
\endif
SELECT setseed(0.25);
INSERT INTO restaurants (name) SELECT 'Restaurant ' || i FROM generate_series(1, 200) AS i;
INSERT INTO staff (restaurant_id, email, role, active)
SELECT 1 + i % 200, 'person' || i || '@example.com', (ARRAY['cook', 'waiter', 'manager'])[1 + i % 3], i % 10 > 0
  FROM generate_series(1, 20000 * :scale) AS i;
INSERT INTO products (restaurant_id, name, description, category, price, available)
SELECT 1 + floor(power(random(), 2) * 200)::bigint,
       (ARRAY['Grilled', 'Smoked', 'Crispy', 'Spicy', 'Cold'])[1 + i % 5] || ' ' || (ARRAY['aubergine', 'trout', 'noodles', 'lentils', 'tofu', 'beef', 'corn'])[1 + i % 7],
       'Number ' || i || ' of the kitchen, with ' || (ARRAY['garlic', 'mint', 'sesame', 'lime'])[1 + i % 4],
       (ARRAY['starter', 'main', 'dessert', 'drink'])[1 + i % 4], round((random() * 40 + 1)::numeric, 2), i % 20 > 0
  FROM generate_series(1, 20000 * :scale) AS i;
INSERT INTO orders (restaurant_id, status, total, created_at)
SELECT 1 + floor(power(random(), 3) * 200)::bigint, CASE WHEN i % 50 = 0 THEN 'open' ELSE 'paid' END, round((random() * 90 + 5)::numeric, 2),
       timestamptz '2026-01-01 00:00+00' - make_interval(secs => i * 30)
  FROM generate_series(1, 100000 * :scale) AS i;
INSERT INTO order_items (order_id, product_id, quantity)
SELECT 1 + floor(random() * 100000 * :scale)::bigint, 1 + floor(power(random(), 2) * 20000 * :scale)::bigint, 1 + i % 4
  FROM generate_series(1, 150000 * :scale) AS i;
VACUUM (ANALYZE);
