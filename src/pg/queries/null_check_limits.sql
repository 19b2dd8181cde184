-- Row security would hide values: with it off the look fails instead.
SELECT set_config('statement_timeout', '1s', true), set_config('lock_timeout', '100ms', true), set_config('row_security', 'off', true)
