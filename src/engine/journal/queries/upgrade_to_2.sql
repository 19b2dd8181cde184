-- From format 1: a run's row says which incarnation had it last.
ALTER TABLE pgbelay.run ADD COLUMN incarnation text NOT NULL DEFAULT '';
UPDATE pgbelay.journal SET version = 2;
