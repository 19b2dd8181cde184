CREATE SCHEMA :"schema";
\ir table.sql
