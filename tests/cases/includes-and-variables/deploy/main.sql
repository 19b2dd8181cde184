\set schema shop
\echo creating :schema
\ir parts/schema.sql
COMMENT ON SCHEMA :"schema" IS :'remark';
