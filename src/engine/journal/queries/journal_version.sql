SELECT version FROM pgbelay.journal
