-- Database accounts in somebody's hands. target: the database. sealed_with: the key that a new password in the row is sealed with.

CREATE TABLE accesses (
    number      INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    version     BIGINT  NOT NULL,
    target      TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    open        BOOLEAN NOT NULL,
    owner       TEXT,
    requester   TEXT,
    due_at      BIGINT,
    sealed_with TEXT,
    body        TEXT    NOT NULL
);
-- An account is one access's, until that has ended.
CREATE UNIQUE INDEX accesses_open ON accesses (target, account) WHERE open;
CREATE INDEX accesses_named ON accesses (target, account, number);
CREATE INDEX accesses_timer ON accesses (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX accesses_due ON accesses (target, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX accesses_owner ON accesses (owner, number) WHERE owner IS NOT NULL;
CREATE INDEX accesses_requester ON accesses (requester, number) WHERE requester IS NOT NULL;
CREATE INDEX accesses_sealed ON accesses (sealed_with) WHERE sealed_with IS NOT NULL;
