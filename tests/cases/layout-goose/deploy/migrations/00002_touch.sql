-- +goose Up
ALTER TABLE orders ADD COLUMN depot_id int;

-- +goose StatementBegin
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.note := 'touched';
    RETURN NEW;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION touch();
ALTER TABLE orders DROP COLUMN depot_id;
