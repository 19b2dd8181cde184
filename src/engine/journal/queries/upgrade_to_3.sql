-- From format 2: a run may wait for a time, and what its steps found out is kept.
ALTER TABLE pgbelay.run DROP CONSTRAINT run_state_check;
ALTER TABLE pgbelay.run ADD CONSTRAINT run_state_check
    CHECK (state IN ('running', 'paused', 'waiting', 'stopped', 'interrupted', 'deployed', 'rolled_back', 'aborted'));
CREATE TABLE pgbelay.evidence (
    run      bigint NOT NULL,
    epoch    integer NOT NULL,
    n        integer NOT NULL,
    kind     text NOT NULL,
    name     text NOT NULL,
    content  text NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, n, kind, name)
);
UPDATE pgbelay.journal SET version = 3;
