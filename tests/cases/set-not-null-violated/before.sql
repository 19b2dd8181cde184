UPDATE orders SET status = NULL WHERE id = 17;
