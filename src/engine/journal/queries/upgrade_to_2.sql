-- From format 1: a run's row says which incarnation had it last.
ALTER TABLE pgbelay.run ADD COLUMN incarnation text NOT NULL DEFAULT '';
-- And the signals that were sent to sessions in the way.
CREATE TABLE pgbelay.signal (
    run                     bigint NOT NULL,
    epoch                   integer NOT NULL,
    n                       integer NOT NULL,
    action                  text NOT NULL CHECK (action IN ('cancel', 'terminate')),
    pid                     integer NOT NULL,
    session                 text NOT NULL,
    transaction_started_at  timestamptz NOT NULL,
    at                      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX signal_run ON pgbelay.signal (run);
-- And what became of rows.
CREATE TABLE pgbelay.row_count (
    run       bigint NOT NULL,
    relation  oid NOT NULL,
    schema    text NOT NULL,
    name      text NOT NULL,
    before    bigint,
    after     bigint,
    note      text NOT NULL DEFAULT '',
    PRIMARY KEY (run, relation)
);
CREATE TABLE pgbelay.row_deletion (
    run       bigint NOT NULL,
    n         integer NOT NULL,
    epoch     integer NOT NULL,
    relation  oid NOT NULL,
    schema    text NOT NULL,
    name      text NOT NULL,
    deleted   bigint NOT NULL,
    inserted  bigint NOT NULL,
    emptied   bigint NOT NULL,
    PRIMARY KEY (run, n, relation)
);
UPDATE pgbelay.journal SET version = 2;
