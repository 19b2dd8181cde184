ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE customers ADD FOREIGN KEY (country_code) REFERENCES countries;
