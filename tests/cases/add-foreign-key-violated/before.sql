UPDATE orders SET customer_id = 99999 WHERE id = 17;
