ALTER TABLE orders ADD CONSTRAINT orders_once EXCLUDE USING btree (reference WITH =);
