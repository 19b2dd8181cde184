-- From format 2: a run may wait for a time, and what its steps found out is kept. Who may write of runs may write of that.
ALTER TABLE pgbelay.run DROP CONSTRAINT run_state_check;
ALTER TABLE pgbelay.run ADD CONSTRAINT run_state_check
    CHECK (state IN ('running', 'paused', 'waiting', 'stopped', 'interrupted', 'deployed', 'rolled_back', 'aborted'));
CREATE TABLE pgbelay.evidence (
    run      bigint NOT NULL,
    epoch    integer NOT NULL,
    n        integer NOT NULL,
    kind     text NOT NULL,
    name     text NOT NULL,
    content  text NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, n, kind, name)
);
DO $$
DECLARE
    deployer oid;
BEGIN
    -- A superuser or a member of the owner may be the one who upgrades.
    EXECUTE pg_catalog.format('ALTER TABLE pgbelay.evidence OWNER TO %s',
                              (SELECT nspowner::regrole FROM pg_catalog.pg_namespace WHERE nspname = 'pgbelay'));
    FOR deployer IN
        SELECT DISTINCT a.grantee
        FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a
        WHERE c.oid = 'pgbelay.run'::regclass AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE pg_catalog.format('GRANT SELECT, INSERT, UPDATE, DELETE ON pgbelay.evidence TO %s', deployer::regrole);
    END LOOP;
END
$$;
UPDATE pgbelay.journal SET version = 3;
