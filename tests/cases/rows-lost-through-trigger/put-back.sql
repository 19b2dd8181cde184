INSERT INTO reminders (order_id) SELECT n FROM generate_series(1, 3) n;
