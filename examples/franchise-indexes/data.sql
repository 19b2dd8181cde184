-- The same rows every time. A few large organisations have most of them, as in life: the cube of a uniform number picks the organisation.
\if :{?scale}
\else
\set scale 1
\endif
SELECT setseed(0.5);
CREATE FUNCTION pg_temp.org() RETURNS text LANGUAGE sql VOLATILE
    RETURN 'ORG_' || (12000 + floor(power(random(), 3) * 400))::integer;
CREATE FUNCTION pg_temp.period() RETURNS text LANGUAGE sql VOLATILE
    RETURN to_char(date '2024-01-01' + make_interval(months => floor(random() * 24)::integer), 'YYYY-MM');
CREATE FUNCTION pg_temp.one_of(items text[]) RETURNS text LANGUAGE sql VOLATILE
    RETURN items[1 + floor(power(random(), 2) * cardinality(items))::integer];

INSERT INTO franchise_overview (org_id, period, location, revenue, orders)
SELECT pg_temp.org(), pg_temp.period(), i % 40, round((random() * 8000)::numeric, 2), (random() * 900)::integer
  FROM generate_series(1, 20000 * :scale) AS i;
INSERT INTO franchise_rankings (org_id, metric, period, location, value)
SELECT pg_temp.org(), pg_temp.one_of('{sales,orders,margin,rating}'), pg_temp.period(), i % 40, round((random() * 7000)::numeric, 2)
  FROM generate_series(1, 40000 * :scale) AS i;
INSERT INTO franchise_budgets (org_id, cost_center, period, amount, spent)
SELECT pg_temp.org(), pg_temp.one_of('{ops,kitchen,marketing,rent,staff}'), pg_temp.period(), 10000 + i % 5000, round((random() * 12000)::numeric, 2)
  FROM generate_series(1, 20000 * :scale) AS i;
INSERT INTO inventory_batches (org_id, sku, quantity, expires_on)
SELECT pg_temp.org(), 'SKU-' || floor(power(random(), 2) * 800)::integer, i % 400, date '2026-01-01' + (i % 300)::integer
  FROM generate_series(1, 50000 * :scale) AS i;
INSERT INTO purchase_orders (org_id, supplier, status, total, created_at)
SELECT pg_temp.org(), 'supplier ' || i % 97, pg_temp.one_of('{settled,approved,pending,failed}'), round((random() * 900)::numeric, 2),
       timestamptz '2025-11-01 00:00+00' - make_interval(secs => i * 60)
  FROM generate_series(1, 50000 * :scale) AS i;
INSERT INTO payments (org_id, order_id, status, amount, created_at)
SELECT pg_temp.org(), 1 + i % (50000 * :scale), pg_temp.one_of('{settled,approved,pending,failed}'), round((random() * 500)::numeric, 2),
       timestamptz '2025-11-01 00:00+00' - make_interval(secs => i * 7)
  FROM generate_series(1, 120000 * :scale) AS i;
VACUUM (ANALYZE);
