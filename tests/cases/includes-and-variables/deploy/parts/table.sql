CREATE TABLE :"schema".notes (id int PRIMARY KEY, body text DEFAULT :'remark');
