ALTER TABLE customers ADD CONSTRAINT customers_country_fk FOREIGN KEY (country_code) REFERENCES countries (code);
CREATE VIEW country_names AS SELECT name FROM countries;
