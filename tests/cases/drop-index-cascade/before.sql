CREATE UNIQUE INDEX countries_name_key ON countries (name);
CREATE TABLE offices (
    id int PRIMARY KEY,
    country text REFERENCES countries (name)
);
