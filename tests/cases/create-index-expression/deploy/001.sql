CREATE INDEX ON customers (lower(email), country_code);
