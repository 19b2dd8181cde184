-- Tables that none of these name.
DROP SCHEMA away CASCADE;
DROP FUNCTION norm(text) CASCADE;
