ALTER TABLE countries ADD CONSTRAINT countries_name_key UNIQUE (name);
CREATE TABLE offices (id int PRIMARY KEY, country text CONSTRAINT offices_country_fk REFERENCES countries (name) ON UPDATE CASCADE);
