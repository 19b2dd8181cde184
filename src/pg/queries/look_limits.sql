-- For one look at a user's data: $1 its time in milliseconds, $2 its search_path. Row security would hide rows: with it off the look fails
-- instead. A lock that is not free at once is somebody's who changes the table.
SELECT set_config('statement_timeout', $1::text || 'ms', true), set_config('lock_timeout', '500ms', true),
       set_config('row_security', 'off', true), set_config('search_path', $2::text, true)
