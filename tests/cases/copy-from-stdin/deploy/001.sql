COPY countries (code, name) FROM stdin;
ES	Spain; with a \\.
IT	Italy
\.
ALTER TABLE countries ADD COLUMN continent text;
