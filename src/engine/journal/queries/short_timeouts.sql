SELECT set_config('lock_timeout', '2s', false), set_config('statement_timeout', '10s', false)
