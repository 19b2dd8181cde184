ALTER TABLE countries DROP CONSTRAINT countries_name_key CASCADE;
