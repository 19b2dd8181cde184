-- The fourth column of the last line of `df -Pk` are free blocks of 1024 bytes.
SELECT (regexp_match(line, '^.*\s\d+\s+\d+\s+(\d+)\s+\d+%\s'))[1]::bigint * 1024
FROM pg_temp.pgbelay_df
WHERE line ~ '\s\d+\s+\d+\s+\d+\s+\d+%\s'
