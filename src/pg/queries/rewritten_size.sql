-- What a new copy of relation $1 takes: its rows with TOAST, and all its indexes.
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
FROM pg_class AS c
WHERE c.relkind IN ('r', 'm', 'i')
  AND (c.oid = $1::oid OR c.oid IN (SELECT tree.relid FROM pg_partition_tree($1::oid::regclass) AS tree WHERE tree.isleaf))
