CREATE SCHEMA pgbelay;
REVOKE ALL ON SCHEMA pgbelay FROM PUBLIC;
COMMENT ON SCHEMA pgbelay IS 'the journal of pgbelay: what was deployed here, and how to undo it';

CREATE TABLE pgbelay.journal (
    version     integer NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO pgbelay.journal (version) VALUES (3);

CREATE TABLE pgbelay.run (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind               text NOT NULL CHECK (kind IN ('deploy', 'rollback', 'mark')),
    undoes             bigint,
    name               text NOT NULL,
    digest             text NOT NULL,
    plan_digest        text NOT NULL,
    plan               text NOT NULL,
    state              text NOT NULL DEFAULT 'running'
                       CHECK (state IN ('running', 'paused', 'waiting', 'stopped', 'interrupted', 'deployed', 'rolled_back', 'aborted')),
    epoch              integer NOT NULL DEFAULT 1,
    operator           text NOT NULL,
    role               text NOT NULL DEFAULT session_user,
    client             text NOT NULL,
    url_source         text NOT NULL,
    system_identifier  text NOT NULL,
    database_oid       oid NOT NULL,
    started_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at        timestamptz,
    verified           boolean NOT NULL DEFAULT false,
    error              text,
    incarnation        text NOT NULL DEFAULT ''
);

CREATE TABLE pgbelay.step (
    run     bigint NOT NULL,
    n       integer NOT NULL,
    epoch   integer NOT NULL,
    result  text NOT NULL CHECK (result IN ('done', 'skipped', 'adopted', 'rolled_back')),
    note    text NOT NULL DEFAULT '',
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, n)
);

CREATE TABLE pgbelay.intent (
    run     bigint NOT NULL,
    n       integer NOT NULL,
    epoch   integer NOT NULL,
    before  text NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, n, epoch)
);

CREATE TABLE pgbelay.timing (
    run               bigint NOT NULL,
    n                 integer NOT NULL,
    epoch             integer NOT NULL,
    result            text NOT NULL,
    note              text NOT NULL DEFAULT '',
    tries             integer NOT NULL,
    waited_ms         bigint NOT NULL,
    queued_ms         bigint NOT NULL,
    ran_ms            bigint NOT NULL,
    lock_held_ms      bigint NOT NULL,
    blocked_sessions  integer NOT NULL,
    finished_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX timing_run_n ON pgbelay.timing (run, n);

CREATE TABLE pgbelay.control (
    run      bigint PRIMARY KEY,
    request  text NOT NULL CHECK (request IN ('run', 'pause', 'pause_now', 'abort')),
    by       text NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE pgbelay.file (
    key          text PRIMARY KEY,
    digest       text NOT NULL,
    text         text NOT NULL,
    how          text NOT NULL CHECK (how IN ('deployed', 'marked')),
    run          bigint NOT NULL,
    deployed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE pgbelay.debt (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run         bigint NOT NULL,
    n           integer NOT NULL,
    schema      text NOT NULL,
    index       text NOT NULL,
    table_name  text NOT NULL,
    index_oid   oid NOT NULL,
    why         text NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at  timestamptz
);

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

CREATE TABLE pgbelay.guard (
    run      bigint NOT NULL,
    epoch    integer NOT NULL,
    samples  integer NOT NULL,
    maxima   text NOT NULL,
    PRIMARY KEY (run, epoch)
);
