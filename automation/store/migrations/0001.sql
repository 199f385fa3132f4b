-- Everything that was promised. Times are microseconds since 1970, UTC.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    keys TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    encoding TEXT NOT NULL,
    inner_path TEXT NOT NULL,
    names TEXT NOT NULL,
    problem TEXT,
    state TEXT NOT NULL CHECK (state IN ('new', 'planned', 'parked')),
    rules_hash TEXT,
    planned_at INTEGER,
    matched INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX events_new ON events (seq) WHERE state = 'new';
CREATE INDEX events_name ON events (name, seq);

-- What makes two deliveries the same event. Kept longer than the event itself.
CREATE TABLE event_keys (
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (source, key)
) WITHOUT ROWID;

-- Rule sets and schemas, by content.
CREATE TABLE texts (
    digest TEXT PRIMARY KEY,
    text TEXT NOT NULL
) WITHOUT ROWID;

-- One rule for one event. `place` is its place in time, and so in its lane.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    place INTEGER NOT NULL UNIQUE,
    event_id TEXT NOT NULL REFERENCES events (id),
    rule_id TEXT NOT NULL,
    rules_hash TEXT NOT NULL,
    planned_at INTEGER NOT NULL,
    lane TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'waiting', 'done', 'parked')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    waiting_for TEXT,
    reason TEXT NOT NULL DEFAULT '',
    remedy TEXT NOT NULL DEFAULT '',
    finished_at INTEGER,
    wrote TEXT NOT NULL DEFAULT '[]'
) WITHOUT ROWID;
CREATE INDEX runs_lane ON runs (lane, place) WHERE state IN ('pending', 'running');
CREATE INDEX runs_state ON runs (state, place);
CREATE INDEX runs_event ON runs (event_id);
CREATE INDEX runs_rule ON runs (rule_id, place);
CREATE INDEX runs_waiting ON runs (waiting_for, place) WHERE state = 'waiting';

-- One row per lane with something in it: claiming costs the ready lanes, not the backlog.
CREATE TABLE lanes (
    lane TEXT PRIMARY KEY,
    head TEXT NOT NULL,
    place INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    owner TEXT,
    lease_until INTEGER,
    fence INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX lanes_free ON lanes (ready_at, place) WHERE owner IS NULL;
CREATE INDEX lanes_held ON lanes (lease_until) WHERE owner IS NOT NULL;

-- Requests of runs and their answers. A merged request is one row with several owners.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    response TEXT
);
CREATE TABLE journal_runs (
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    journal_id INTEGER NOT NULL REFERENCES journal (id),
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

CREATE TABLE schedules (
    rule_id TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) WITHOUT ROWID;

-- What rules remember between events: the newest state written for an upsert key.
CREATE TABLE memory (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Leave to send, in blocks. A block counts until its window is over.
CREATE TABLE permits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    count INTEGER NOT NULL
);
CREATE INDEX permits_token ON permits (token, until);
CREATE TABLE pauses (
    token TEXT PRIMARY KEY,
    until INTEGER NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
