SELECT r.ev_class, r.rulename, pg_get_ruledef(r.oid), r.ev_enabled, obj_description(r.oid, 'pg_rewrite')
FROM pg_rewrite AS r
WHERE r.ev_class = ANY ($1::oid[]) AND r.rulename <> '_RETURN'
ORDER BY r.ev_class, r.rulename
