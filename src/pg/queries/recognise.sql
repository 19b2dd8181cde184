-- What the backends $1 are besides clients, by what every role may see: the tool whose advisory lock they hold or wait for, or whose
-- ledger they have written to or locked in this transaction, and whether they build an index.
WITH tool_key (key, tool) AS (
    VALUES (72707369::bigint, 'Prisma'),
           (75474063, 'sqitch'),
           (5887940537704921958, 'goose'),
           (7241865325823964, 'node-pg-migrate')
), tool_ledger (name, tool) AS (
    VALUES ('flyway_schema_history', 'Flyway'),
           ('_prisma_migrations', 'Prisma'),
           ('goose_db_version', 'goose'),
           ('databasechangelog', 'Liquibase'),
           ('databasechangeloglock', 'Liquibase'),
           ('alembic_version', 'Alembic'),
           ('django_migrations', 'Django'),
           ('ar_internal_metadata', 'Rails'),
           ('pgmigrations', 'node-pg-migrate'),
           ('atlas_schema_revisions', 'Atlas'),
           ('knex_migrations_lock', 'Knex'),
           ('schema_migrations', 'ledger schema_migrations')
), held AS (
    SELECT l.* FROM pg_locks AS l
    WHERE l.pid = ANY ($1::int[]) AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
), advisory AS (
    SELECT held.pid, (held.classid::bigint << 32) | held.objid::bigint AS key
    FROM held
    WHERE held.locktype = 'advisory' AND held.objsubid = 1
)
SELECT backend.pid,
       coalesce((SELECT tool_key.tool FROM advisory JOIN tool_key USING (key) WHERE advisory.pid = backend.pid LIMIT 1),
                -- Flyway adds a hash of its table's name, of 32 bits, to a number of its own; Rails multiplies one of the database's name.
                (SELECT 'Flyway' FROM advisory
                 WHERE advisory.pid = backend.pid AND abs(advisory.key - 77431708279161) <= 2147483648 LIMIT 1),
                (SELECT 'Rails' FROM advisory
                 WHERE advisory.pid = backend.pid AND advisory.key > 2053462845 AND advisory.key % 2053462845 = 0 LIMIT 1),
                (SELECT tool_ledger.tool
                 FROM held
                 JOIN pg_class AS c ON c.oid = held.relation
                 JOIN tool_ledger ON tool_ledger.name = c.relname
                 WHERE held.pid = backend.pid AND held.locktype = 'relation' AND held.mode <> 'AccessShareLock'
                 ORDER BY tool_ledger.name = 'schema_migrations' LIMIT 1),
                ''),
       EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.pid = backend.pid)
FROM unnest($1::int[]) AS backend (pid)
