ALTER TABLE orders ADD CHECK (total > 0);
ALTER TABLE orders ADD CHECK (total < 1000000), ADD CHECK (status <> note);
