-- What each type is called in a cast, and whether it is a number. A modifier of -1 means none: without it "character" would cut off.
SELECT pg_catalog.format_type(t.oid, -1), t.typcategory = 'N'
  FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH ORDINALITY AS asked (oid, n) JOIN pg_catalog.pg_type t ON t.oid = asked.oid
 ORDER BY asked.n
