-- The end of every upgrade: what came after format 1 belongs to whom the schema does, and who may write of runs may write of it.
DO $$
DECLARE
    added text;
    deployer oid;
BEGIN
    -- A superuser or a member of the owner may be the one who upgrades.
    FOREACH added IN ARRAY ARRAY['signal', 'row_count', 'row_deletion', 'evidence'] LOOP
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
