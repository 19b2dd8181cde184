-- What our own sessions need, of what this version has. Settings of the role and the database that are not here stay.
-- DateStyle names the output only, so that the order in which the user's dates are read stays as it is. All names are
-- qualified: it is this statement that sets search_path. The server's own keepalives free a dead client's locks in 30 s.
SELECT pg_catalog.count(pg_catalog.set_config(wanted.name, wanted.setting, false))
FROM (VALUES ('search_path', 'pg_catalog'),
             ('default_transaction_read_only', 'off'),
             ('default_transaction_isolation', 'read committed'),
             ('default_transaction_deferrable', 'off'),
             ('statement_timeout', '0'),
             ('lock_timeout', '0'),
             ('idle_in_transaction_session_timeout', '0'),
             ('idle_session_timeout', '0'),
             ('transaction_timeout', '0'),
             ('client_encoding', 'UTF8'),
             ('synchronous_commit', 'on'),
             ('datestyle', 'ISO'),
             ('intervalstyle', 'postgres'),
             ('extra_float_digits', '1'),
             ('standard_conforming_strings', 'on'),
             ('tcp_keepalives_idle', '10'),
             ('tcp_keepalives_interval', '5'),
             ('tcp_keepalives_count', '4')) AS wanted (name, setting)
JOIN pg_catalog.pg_settings AS present ON pg_catalog.lower(present.name) OPERATOR(pg_catalog.=) wanted.name
