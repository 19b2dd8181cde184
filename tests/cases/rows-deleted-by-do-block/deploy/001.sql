ALTER TABLE countries ADD COLUMN region text;
DO $$
BEGIN
    DELETE FROM sessions WHERE id <= 10;
    EXECUTE 'DELETE FROM tokens';
    PERFORM 1 FROM countries;
END
$$;
