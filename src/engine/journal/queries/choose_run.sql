-- The unfinished run, else the latest; runs that came with a copy of another database last.
SELECT id FROM pgbelay.run
 ORDER BY database_oid = (SELECT oid FROM pg_database WHERE datname = current_database()) DESC,
          state IN ('running', 'paused', 'waiting', 'stopped', 'interrupted') DESC, id DESC
 LIMIT 1
