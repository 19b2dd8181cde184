CREATE TABLE history (id bigint);
INSERT INTO history SELECT n FROM generate_series(1, 200) n;
CREATE FUNCTION recompute() RETURNS void LANGUAGE plpgsql AS $$ BEGIN TRUNCATE history; END $$;
