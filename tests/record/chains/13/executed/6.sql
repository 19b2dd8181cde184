DO $$
DECLARE
    day date;
BEGIN
    FOR i IN 0..2 LOOP
        day := current_date + i;
        EXECUTE format('CREATE TABLE %I PARTITION OF log FOR VALUES FROM (%L) TO (%L)', 'log_' || to_char(day, 'YYYY_MM_DD'), day, day + 1);
    END LOOP;
    FOR i IN REVERSE 3..0 LOOP
        EXECUTE 'CREATE TABLE parts_' || i || ' PARTITION OF parts FOR VALUES WITH (MODULUS 4, REMAINDER ' || i || ')';
    END LOOP;
END $$;
