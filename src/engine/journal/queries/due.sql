-- $1: a time, or '' for $4 milliseconds after the end of step $3 of run $2.
SELECT d.at <= clock_timestamp(), d.at::timestamptz(0)::text
  FROM (SELECT CASE WHEN $1 <> '' THEN $1::timestamptz
                    ELSE COALESCE((SELECT at FROM pgbelay.step WHERE run = $2::bigint AND n = $3::integer), clock_timestamp())
                         + $4::bigint * interval '1 millisecond' END AS at) d
