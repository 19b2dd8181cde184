CREATE SCHEMA app;
CREATE TABLE app.items (id int PRIMARY KEY);
CREATE TABLE public.items (id int PRIMARY KEY);
