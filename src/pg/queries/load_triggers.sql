SELECT t.tgrelid, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger')
FROM pg_trigger AS t
WHERE t.tgrelid = ANY ($1::oid[]) AND NOT t.tgisinternal
ORDER BY t.tgrelid, t.tgname
