ALTER TABLE countries ADD CONSTRAINT countries_once EXCLUDE USING btree (name WITH =);
