-- Times are milliseconds since 1970. A body is the whole value as JSON; the other columns are what is searched for.
-- INTEGER PRIMARY KEY is SQLite's word for a number that counts up by itself; everything else is plain SQL.

CREATE TABLE requests (
    number  INTEGER PRIMARY KEY,
    id      TEXT    NOT NULL UNIQUE,
    version BIGINT  NOT NULL,
    state   TEXT    NOT NULL,
    open    BOOLEAN NOT NULL,
    due_at  BIGINT,
    body    TEXT    NOT NULL
);
CREATE INDEX requests_open ON requests (number) WHERE open;
CREATE INDEX requests_due ON requests (due_at) WHERE due_at IS NOT NULL;

-- wake_at 0: it goes on at once. claim_until 0: nobody has claimed it.
CREATE TABLE operations (
    number       INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    target       TEXT,
    version      BIGINT  NOT NULL,
    state        TEXT    NOT NULL,
    open         BOOLEAN NOT NULL,
    wake_at      BIGINT  NOT NULL DEFAULT 0,
    claim_holder TEXT,
    claim_token  BIGINT  NOT NULL DEFAULT 0,
    claim_until  BIGINT  NOT NULL DEFAULT 0,
    due_at       BIGINT  NOT NULL
        GENERATED ALWAYS AS (CASE WHEN wake_at > claim_until THEN wake_at ELSE claim_until END) STORED,
    body         TEXT    NOT NULL
);
CREATE INDEX operations_open ON operations (number) WHERE open;
CREATE INDEX operations_open_target ON operations (target) WHERE open;
CREATE INDEX operations_due ON operations (due_at) WHERE state = 'running';
CREATE INDEX operations_target ON operations (target, number);

CREATE TABLE journal (
    number    INTEGER PRIMARY KEY,
    operation TEXT NOT NULL REFERENCES operations (id),
    body      TEXT NOT NULL
);
CREATE INDEX journal_operation ON journal (operation, number);

CREATE TABLE locks (
    target TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until  BIGINT,
    body   TEXT NOT NULL
);
CREATE INDEX locks_until ON locks (until) WHERE until IS NOT NULL;

CREATE TABLE holds (
    target TEXT NOT NULL PRIMARY KEY,
    body   TEXT NOT NULL
);

-- A message that was dealt with leaves its key, so that it is known when it comes again, and loses its body.
CREATE TABLE inbox (
    number  INTEGER PRIMARY KEY,
    network TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    at      BIGINT  NOT NULL,
    handled BOOLEAN NOT NULL DEFAULT FALSE,
    body    TEXT,
    UNIQUE (network, id)
);
CREATE INDEX inbox_unhandled ON inbox (number) WHERE NOT handled;
CREATE INDEX inbox_handled ON inbox (at) WHERE handled;

-- AUTOINCREMENT: the number of a post that was sent is never given to another.
CREATE TABLE outbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    place   TEXT    NOT NULL,
    sending BOOLEAN NOT NULL DEFAULT FALSE,
    tries   BIGINT  NOT NULL DEFAULT 0,
    due_at  BIGINT  NOT NULL DEFAULT 0,
    body    TEXT    NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at);

CREATE TABLE announcements (
    key TEXT   NOT NULL PRIMARY KEY,
    at  BIGINT NOT NULL
);

CREATE TABLE notes (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE leases (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL,
    token  BIGINT NOT NULL,
    until  BIGINT NOT NULL
);

CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY,
    at       BIGINT NOT NULL,
    person   TEXT,
    target   TEXT,
    event    TEXT NOT NULL,
    body     TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at, seq);
CREATE INDEX audit_person ON audit (person, at, seq) WHERE person IS NOT NULL;
CREATE INDEX audit_target ON audit (target, at, seq) WHERE target IS NOT NULL;
CREATE INDEX audit_person_target ON audit (person, target, at, seq) WHERE person IS NOT NULL AND target IS NOT NULL;

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit records are never deleted'); END;
