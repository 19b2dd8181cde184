-- Of this database; without pg_read_all_stats when they began is hidden.
SELECT format('pid %s of %s', a.pid, a.usename)
           || coalesce(format(', since %s', to_char(a.xact_start, 'YYYY-MM-DD HH24:MI TZ')), '')
FROM pg_stat_activity AS a
WHERE a.datname = current_database() AND a.application_name IN ('pg_dump', 'pg_dumpall')
ORDER BY a.pid
