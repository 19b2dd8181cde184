-- From format 1: a run's row says which incarnation had it last.
ALTER TABLE pgbelay.run ADD COLUMN incarnation text NOT NULL DEFAULT '';
-- And the signals that were sent to sessions in the way. Who may write of runs may write of what is new here.
CREATE TABLE pgbelay.signal (
    run                     bigint NOT NULL,
    epoch                   integer NOT NULL,
    n                       integer NOT NULL,
    action                  text NOT NULL CHECK (action IN ('cancel', 'terminate')),
    pid                     integer NOT NULL,
    session                 text NOT NULL,
    transaction_started_at  timestamptz NOT NULL,
    at                      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX signal_run ON pgbelay.signal (run);
-- And what became of rows.
CREATE TABLE pgbelay.row_count (
    run       bigint NOT NULL,
    relation  oid NOT NULL,
    schema    text NOT NULL,
    name      text NOT NULL,
    before    bigint,
    after     bigint,
    note      text NOT NULL DEFAULT '',
    PRIMARY KEY (run, relation)
);
CREATE TABLE pgbelay.row_deletion (
    run       bigint NOT NULL,
    n         integer NOT NULL,
    epoch     integer NOT NULL,
    relation  oid NOT NULL,
    schema    text NOT NULL,
    name      text NOT NULL,
    deleted   bigint NOT NULL,
    inserted  bigint NOT NULL,
    emptied   bigint NOT NULL,
    PRIMARY KEY (run, n, relation)
);
DO $$
DECLARE
    added text;
    deployer oid;
BEGIN
    -- A superuser or a member of the owner may be the one who upgrades.
    FOREACH added IN ARRAY ARRAY['signal', 'row_count', 'row_deletion'] LOOP
        EXECUTE pg_catalog.format('ALTER TABLE pgbelay.%I OWNER TO %s', added,
                                  (SELECT nspowner::regrole FROM pg_catalog.pg_namespace WHERE nspname = 'pgbelay'));
        FOR deployer IN
            SELECT DISTINCT a.grantee
            FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a
            WHERE c.oid = 'pgbelay.run'::regclass AND a.grantee NOT IN (0, c.relowner)
        LOOP
            EXECUTE pg_catalog.format('GRANT SELECT, INSERT, UPDATE, DELETE ON pgbelay.%I TO %s', added, deployer::regrole);
        END LOOP;
    END LOOP;
END
$$;
UPDATE pgbelay.journal SET version = 2;
