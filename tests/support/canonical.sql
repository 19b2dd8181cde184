-- The whole catalog of the user's schemas as text, one object or part of an object a line, without OIDs and attribute numbers.
-- The product never uses this file: it is the other opinion. Lines are ordered so that a difference shows moved columns too.
-- Privileges are shown where they differ from the owner's defaults. Rows are shown of small tables, and hashed up to 10,000; NULLs are
-- left out of them, so that a new column alone changes no row. Of times and random values is shown only that they are set.
WITH schemas AS (
    SELECT oid, nspname, nspowner, nspacl
    FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'pgbelay')
),
of_extensions AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),
-- Columns of the migration tools' ledgers that hold random or measured values.
volatile_columns (table_name, column_name) AS (
    VALUES ('_prisma_migrations', 'id'), ('flyway_schema_history', 'execution_time')
),
relations AS (
    SELECT c.*, format('%I.%I', s.nspname, c.relname) AS name
    FROM pg_class c
    JOIN schemas s ON s.oid = c.relnamespace
    WHERE (('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM of_extensions))
),
lines (section, name, part, position, line) AS (
    SELECT 1, s.nspname::text, 0, 0,
        format('schema %I owner=%s%s%s', s.nspname, pg_get_userbyid(s.nspowner),
            CASE WHEN acl.given IS DISTINCT FROM acl.usual THEN ' acl=' || acl.given::text ELSE '' END,
            ' comment=' || quote_literal(obj_description(s.oid, 'pg_namespace')))
    FROM schemas s,
        LATERAL (SELECT ARRAY(SELECT unnest(coalesce(s.nspacl, acldefault('n', s.nspowner)))::text ORDER BY 1) AS given,
                        ARRAY(SELECT unnest(acldefault('n', s.nspowner))::text ORDER BY 1) AS usual) acl

    UNION ALL
    SELECT 2, e.extname::text, 0, 0, format('extension %I schema=%I', e.extname, n.nspname)
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname <> 'plpgsql'

    UNION ALL
    SELECT 3, format('%I.%I', s.nspname, t.typname), 0, 0,
        concat_ws(' ', 'type', format('%I.%I', s.nspname, t.typname),
            'kind=' || t.typtype::text, 'owner=' || pg_get_userbyid(t.typowner),
            CASE WHEN acl.given IS DISTINCT FROM acl.usual THEN 'acl=' || acl.given::text END,
            'labels=' || (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder)
                          FROM pg_enum e WHERE e.enumtypid = t.oid),
            'base=' || CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
            CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'not null' END,
            'default=' || CASE WHEN t.typtype = 'd' THEN t.typdefault END,
            'constraints=' || (SELECT string_agg(format('%I %s', d.conname, pg_get_constraintdef(d.oid)), '; ' ORDER BY d.conname)
                               FROM pg_constraint d WHERE d.contypid = t.oid),
            'subtype=' || (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid),
            'comment=' || quote_literal(obj_description(t.oid, 'pg_type')))
    FROM pg_type t
    JOIN schemas s ON s.oid = t.typnamespace
    LEFT JOIN pg_class c ON c.oid = t.typrelid,
        LATERAL (SELECT ARRAY(SELECT unnest(coalesce(t.typacl, acldefault('T', t.typowner)))::text ORDER BY 1) AS given,
                        ARRAY(SELECT unnest(acldefault('T', t.typowner))::text ORDER BY 1) AS usual) acl
    WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))
        AND ('pg_type'::regclass, t.oid) NOT IN (SELECT classid, objid FROM of_extensions)

    UNION ALL
    SELECT 4, format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), 0, 0,
        concat_ws(' ', 'function', format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
            'kind=' || p.prokind::text, 'owner=' || pg_get_userbyid(p.proowner),
            CASE WHEN acl.given IS DISTINCT FROM acl.usual THEN 'acl=' || acl.given::text END,
            'comment=' || quote_literal(obj_description(p.oid, 'pg_proc')),
            'definition=' || CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END)
    FROM pg_proc p
    JOIN schemas s ON s.oid = p.pronamespace,
        LATERAL (SELECT ARRAY(SELECT unnest(coalesce(p.proacl, acldefault('f', p.proowner)))::text ORDER BY 1) AS given,
                        ARRAY(SELECT unnest(acldefault('f', p.proowner))::text ORDER BY 1) AS usual) acl
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM of_extensions)

    UNION ALL
    SELECT 5, r.name, 0, 0,
        concat_ws(' ',
            CASE r.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite' END,
            r.name, 'owner=' || pg_get_userbyid(r.relowner),
            'persistence=' || nullif(r.relpersistence::text, 'p'),
            CASE WHEN acl.given IS DISTINCT FROM acl.usual THEN 'acl=' || acl.given::text END,
            'options=' || nullif(ARRAY(SELECT unnest(r.reloptions) ORDER BY 1)::text, '{}'),
            'toast_options=' || (SELECT t.reloptions::text FROM pg_class t WHERE t.oid = r.reltoastrelid),
            'tablespace=' || (SELECT t.spcname FROM pg_tablespace t WHERE t.oid = r.reltablespace),
            'method=' || nullif((SELECT m.amname::text FROM pg_am m WHERE m.oid = r.relam), 'heap'),
            'replica_identity=' || CASE WHEN r.relkind IN ('r', 'p') THEN nullif(r.relreplident::text, 'd') END,
            CASE WHEN r.relrowsecurity THEN 'row_security' END,
            CASE WHEN r.relforcerowsecurity THEN 'force_row_security' END,
            'of_type=' || CASE WHEN r.reloftype <> 0 THEN format_type(r.reloftype, NULL) END,
            'inherits=' || (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = r.oid),
            'partition_key=' || CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END,
            'bound=' || pg_get_expr(r.relpartbound, r.oid),
            CASE WHEN r.relkind = 'm' AND NOT r.relispopulated THEN 'not populated' END,
            (SELECT format('type=%s start=%s min=%s max=%s increment=%s cache=%s%s', format_type(q.seqtypid, NULL), q.seqstart,
                        q.seqmin, q.seqmax, q.seqincrement, q.seqcache, CASE WHEN q.seqcycle THEN ' cycle' ELSE '' END)
             FROM pg_sequence q WHERE q.seqrelid = r.oid),
            (SELECT format('owned_by=%s.%I%s', d.refobjid::regclass, a.attname, CASE d.deptype WHEN 'i' THEN ' (identity)' ELSE '' END)
             FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE r.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')),
            'definition=' || CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END,
            'comment=' || quote_literal(obj_description(r.oid, 'pg_class')))
    FROM relations r,
        LATERAL (SELECT CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS kind) k,
        LATERAL (SELECT ARRAY(SELECT unnest(coalesce(r.relacl, acldefault(k.kind, r.relowner)))::text ORDER BY 1) AS given,
                        ARRAY(SELECT unnest(acldefault(k.kind, r.relowner))::text ORDER BY 1) AS usual) acl
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')

    UNION ALL
    SELECT 5, r.name, 1, a.attnum,
        concat_ws(' ', '  column', format('%s.%I', r.name, a.attname), format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN 'not null' END,
            CASE WHEN a.attgenerated = '' THEN 'default=' || pg_get_expr(d.adbin, d.adrelid) ELSE
                format('generated(%s)=%s', a.attgenerated, pg_get_expr(d.adbin, d.adrelid)) END,
            'identity=' || nullif(a.attidentity::text, ''),
            'collation=' || (SELECT format('%I.%I', n.nspname, l.collname) FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
                             WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation),
            'storage=' || CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
            'compression=' || nullif(to_jsonb(a) ->> 'attcompression', ''),
            'statistics=' || nullif(coalesce(a.attstattarget, -1), -1),
            'acl=' || CASE WHEN a.attacl IS NOT NULL THEN ARRAY(SELECT unnest(a.attacl)::text ORDER BY 1)::text END,
            -- Some builds keep a version counter of their own among a column's options.
            'options=' || nullif(ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE o !~ '^pg_attver=' ORDER BY 1)::text, '{}'),
            'comment=' || quote_literal(col_description(a.attrelid, a.attnum)))
    FROM relations r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')

    UNION ALL
    SELECT 5, r.name, 2, 0,
        concat_ws(' ', '  index', pg_get_indexdef(i.indexrelid),
            CASE WHEN i.indisprimary THEN 'primary' END,
            CASE WHEN NOT i.indisvalid THEN 'INVALID' END,
            CASE WHEN NOT i.indisready THEN 'NOT READY' END,
            CASE WHEN i.indisclustered THEN 'clustered' END,
            CASE WHEN i.indisreplident THEN 'replica_identity' END,
            'tablespace=' || (SELECT t.spcname FROM pg_tablespace t WHERE t.oid = x.reltablespace),
            'inherits=' || (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = i.indexrelid),
            'statistics=' || (SELECT string_agg(format('%s:%s', a.attnum, a.attstattarget), ',' ORDER BY a.attnum)
                              FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND coalesce(a.attstattarget, -1) <> -1),
            'comment=' || quote_literal(obj_description(i.indexrelid, 'pg_class')))
    FROM relations r
    JOIN pg_index i ON i.indrelid = r.oid
    JOIN pg_class x ON x.oid = i.indexrelid

    UNION ALL
    SELECT 5, r.name, 3, 0,
        concat_ws(' ', '  constraint', format('%s.%I', r.name, c.conname), 'type=' || c.contype::text, pg_get_constraintdef(c.oid),
            CASE WHEN NOT c.convalidated THEN 'not validated' END,
            CASE WHEN c.coninhcount > 0 THEN 'inherited' END,
            CASE WHEN NOT c.conislocal THEN 'not local' END,
            'comment=' || quote_literal(obj_description(c.oid, 'pg_constraint')))
    FROM relations r
    JOIN pg_constraint c ON c.conrelid = r.oid
    -- A constraint trigger is listed as a trigger.
    WHERE c.contype <> 't'

    UNION ALL
    SELECT 5, r.name, 4, 0,
        concat_ws(' ', '  trigger', pg_get_triggerdef(t.oid), 'enabled=' || nullif(t.tgenabled::text, 'O'),
            'comment=' || quote_literal(obj_description(t.oid, 'pg_trigger')))
    FROM relations r
    JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal

    UNION ALL
    SELECT 5, r.name, 5, 0,
        concat_ws(' ', '  policy', format('%s.%I', r.name, p.polname), 'for=' || p.polcmd::text,
            CASE WHEN NOT p.polpermissive THEN 'restrictive' END,
            'to=' || ARRAY(SELECT CASE u WHEN 0 THEN 'public' ELSE pg_get_userbyid(u)::text END FROM unnest(p.polroles) u ORDER BY 1)::text,
            'using=' || pg_get_expr(p.polqual, p.polrelid), 'check=' || pg_get_expr(p.polwithcheck, p.polrelid),
            'comment=' || quote_literal(obj_description(p.oid, 'pg_policy')))
    FROM relations r
    JOIN pg_policy p ON p.polrelid = r.oid

    UNION ALL
    SELECT 5, r.name, 6, 0,
        concat_ws(' ', '  rule', pg_get_ruledef(w.oid), 'enabled=' || nullif(w.ev_enabled::text, 'O'),
            'comment=' || quote_literal(obj_description(w.oid, 'pg_rewrite')))
    FROM relations r
    JOIN pg_rewrite w ON w.ev_class = r.oid
    WHERE w.rulename <> '_RETURN'

    UNION ALL
    SELECT 5, r.name, 7, 0,
        concat_ws(' ', '  statistics', pg_get_statisticsobjdef(x.oid), 'owner=' || pg_get_userbyid(x.stxowner),
            'target=' || nullif(coalesce(x.stxstattarget, -1), -1),
            'comment=' || quote_literal(obj_description(x.oid, 'pg_statistic_ext')))
    FROM relations r
    JOIN pg_statistic_ext x ON x.stxrelid = r.oid

    UNION ALL
    SELECT 6, p.pubname::text, 0, 0,
        concat_ws(' ', 'publication', quote_ident(p.pubname), 'owner=' || pg_get_userbyid(p.pubowner),
            CASE WHEN p.puballtables THEN 'all tables' END,
            'publishes=' || concat_ws(',', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
            'tables=' || (SELECT string_agg(format('%I.%I', t.schemaname, t.tablename), ',' ORDER BY t.schemaname, t.tablename)
                          FROM pg_publication_tables t WHERE t.pubname = p.pubname),
            'comment=' || quote_literal(obj_description(p.oid, 'pg_publication')))
    FROM pg_publication p

    UNION ALL
    SELECT 7, e.evtname::text, 0, 0,
        concat_ws(' ', 'event trigger', quote_ident(e.evtname), 'on=' || e.evtevent::text, 'tags=' || e.evttags::text,
            'function=' || e.evtfoid::regprocedure::text, 'owner=' || pg_get_userbyid(e.evtowner), 'enabled=' || nullif(e.evtenabled::text, 'O'),
            'comment=' || quote_literal(obj_description(e.oid, 'pg_event_trigger')))
    FROM pg_event_trigger e

    UNION ALL
    SELECT 8, coalesce(s.nspname::text, ''), 0, 0,
        format('default privileges of %s in %s for %s: %s', pg_get_userbyid(d.defaclrole), coalesce(quote_ident(s.nspname), 'every schema'),
            d.defaclobjtype, ARRAY(SELECT unnest(d.defaclacl)::text ORDER BY 1)::text)
    FROM pg_default_acl d
    LEFT JOIN pg_namespace s ON s.oid = d.defaclnamespace

    UNION ALL
    -- query_to_xml() is the one way in plain SQL to read a table whose name is not known beforehand.
    SELECT 9, r.name, 0, shown.position::integer, 'rows ' || r.name || ': ' || replace(replace(replace(shown.text, '&lt;', '<'), '&gt;', '>'), '&amp;', '&')
    FROM relations r,
        LATERAL (SELECT string_agg(CASE WHEN a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'uuid'::regtype)
                                                OR (r.relname, a.attname) IN (SELECT v.table_name, v.column_name FROM volatile_columns v)
                                        THEN format('CASE WHEN %1$I IS NOT NULL THEN ''(set)'' END AS %1$I', a.attname)
                                        ELSE quote_ident(a.attname) END, ', ' ORDER BY a.attnum) AS names
                 FROM pg_attribute a
                 WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped) columns,
        LATERAL (SELECT regexp_replace(query_to_xml(format(
                    'SELECT CASE WHEN count(*) <= 12 THEN string_agg(line, E''\n'' ORDER BY line)
                                 WHEN count(*) <= 10000 THEN count(*) || '' rows, '' || md5(string_agg(line, E''\n'' ORDER BY line))
                                 ELSE ''more than 10000 rows'' END AS x
                     FROM (SELECT jsonb_strip_nulls(to_jsonb(r))::text AS line FROM (SELECT %s FROM %s LIMIT 10001) r) t',
                    columns.names, r.name), true, true, '')::text, '^.*<x[^>]*>(.*)</x>.*$|^.*<x [^>]*/>.*$', '\1') AS text) content,
        LATERAL regexp_split_to_table(content.text, E'\n') WITH ORDINALITY shown (text, position)
    WHERE (r.relkind = 'r' OR (r.relkind = 'm' AND r.relispopulated)) AND columns.names IS NOT NULL AND btrim(shown.text) <> ''
)
SELECT replace(line, E'\n', '\n') FROM lines ORDER BY section, name COLLATE "C", part, position, line COLLATE "C";
