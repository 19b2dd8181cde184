DELETE FROM customers WHERE id = 8;
