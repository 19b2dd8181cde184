ALTER TABLE depots ADD COLUMN region text;
ALTER TABLE orders ADD COLUMN depot_id int REFERENCES depots (id);
