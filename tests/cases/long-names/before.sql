CREATE TABLE customer_relationship_management_interaction_history_records (id bigint NOT NULL, a_rather_long_column_name_for_a_customer bigint, another_rather_long_column_name text, padding text) WITH (fillfactor = 10);
INSERT INTO customer_relationship_management_interaction_history_records SELECT n, n, 'A' || n, repeat('x', 900) FROM generate_series(1, 1200) n;
CREATE TABLE "überlänge_der_tabellennamen_für_kundenbeziehungen_öäü" ("schlüsselwörter_für_größe" text);
