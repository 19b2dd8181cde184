DROP INDEX countries_name_key CASCADE;
