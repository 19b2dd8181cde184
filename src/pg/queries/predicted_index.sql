-- What an index on relation $1 ($2: the columns of its key, '' for an expression; $3: its method) will take, in bytes: rows by the density
-- that the statistics know and the size of now, keys by their average width. A btree's equal keys share one tuple with 6 bytes a row
-- (nbtdedup.c), where their types allow it. For a partitioned table all its leaves together.
WITH leaf AS (
    SELECT c.oid, n.nspname, c.relname, pg_relation_size(c.oid)::float8 AS bytes,
           CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN c.reltuples / c.relpages * (pg_relation_size(c.oid) / 8192.0)
                ELSE pg_relation_size(c.oid) / 64.0 END AS rows
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm')
      AND (c.oid = $1::oid OR c.oid IN (SELECT tree.relid FROM pg_partition_tree($1::oid::regclass) AS tree WHERE tree.isleaf))
), key AS (
    SELECT leaf.oid,
           sum(CASE WHEN wanted.name = '' THEN 32
                    ELSE coalesce(s.avg_width * (1 - s.null_frac), CASE WHEN a.attlen > 0 THEN a.attlen ELSE 32 END) END) AS width,
           exp(least(sum(ln(greatest(CASE WHEN s.n_distinct > 0 THEN s.n_distinct
                                          WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(leaf.rows, 1)
                                          ELSE greatest(leaf.rows, 1) END, 1))), 600)) AS distinct_keys,
           bool_and(coalesce(a.atttypid NOT IN ('numeric'::regtype, 'float4'::regtype, 'float8'::regtype, 'jsonb'::regtype)
                             AND t.typtype <> 'r' AND t.typcategory <> 'A', false)) AS shares
    FROM leaf
    CROSS JOIN unnest($2::text[]) AS wanted (name)
    LEFT JOIN pg_attribute AS a ON a.attrelid = leaf.oid AND a.attname = wanted.name AND NOT a.attisdropped
    LEFT JOIN pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_stats AS s ON s.schemaname = leaf.nspname AND s.tablename = leaf.relname AND s.attname = wanted.name AND NOT s.inherited
    GROUP BY leaf.oid
), tuple AS (
    SELECT leaf.rows, leaf.bytes, key.width, key.shares,
           ceil((8 + key.width) / 8) * 8 + 4 AS size,
           greatest(leaf.rows / greatest(least(key.distinct_keys, leaf.rows), 1), 1) AS equal
    FROM leaf JOIN key USING (oid)
)
SELECT (coalesce(sum(CASE
    WHEN $3 = 'brin' THEN tuple.bytes / 128 / 8192 * (tuple.width * 2 + 24)
    WHEN $3 = 'hash' THEN tuple.rows * 20 / 0.7
    WHEN $3 = 'gin' THEN tuple.rows * (tuple.width + 6)
    WHEN $3 = 'btree' AND tuple.shares AND tuple.equal >= 2 THEN tuple.rows * (tuple.size / least(tuple.equal, 200) + 6) / 0.9
    WHEN $3 = 'btree' THEN tuple.rows * tuple.size / 0.89
    ELSE tuple.rows * tuple.size / 0.6 END), 0) + 16384 * count(*))::bigint
FROM tuple
