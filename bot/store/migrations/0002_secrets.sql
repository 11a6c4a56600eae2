-- Secret links and drop boxes. sealed_with: the key that something in the row is sealed with.

CREATE TABLE links (
    number      INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    path        TEXT    NOT NULL UNIQUE,
    version     BIGINT  NOT NULL,
    state       TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,
    requester   TEXT    NOT NULL,
    due_at      BIGINT  NOT NULL,
    sealed_with TEXT,
    body        TEXT    NOT NULL
);
CREATE INDEX links_due ON links (due_at);
CREATE INDEX links_recipient ON links (recipient, number);
CREATE INDEX links_requester ON links (requester, number);
CREATE INDEX links_sealed ON links (sealed_with) WHERE sealed_with IS NOT NULL;

-- What is locked in a link; the row goes when the link ends.
CREATE TABLE link_contents (
    link       TEXT NOT NULL PRIMARY KEY REFERENCES links (id),
    ciphertext BLOB NOT NULL
);

CREATE TABLE drop_boxes (
    number      INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    path        TEXT    NOT NULL UNIQUE,
    version     BIGINT  NOT NULL,
    state       TEXT    NOT NULL,
    unplanned   BOOLEAN NOT NULL,
    owner       TEXT    NOT NULL,
    due_at      BIGINT  NOT NULL,
    sealed_with TEXT,
    body        TEXT    NOT NULL
);
CREATE INDEX drop_boxes_due ON drop_boxes (due_at);
CREATE INDEX drop_boxes_owner ON drop_boxes (owner, number);
CREATE INDEX drop_boxes_unplanned ON drop_boxes (number) WHERE unplanned;
CREATE INDEX drop_boxes_sealed ON drop_boxes (sealed_with) WHERE sealed_with IS NOT NULL;

ALTER TABLE outbox ADD COLUMN sealed_with TEXT;
CREATE INDEX outbox_sealed ON outbox (sealed_with) WHERE sealed_with IS NOT NULL;
