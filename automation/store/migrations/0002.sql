-- Runs that wait for another event, what a rule wrote each day, and whose answer an object is.

-- When a waiting run goes on though what it waits for did not happen.
ALTER TABLE runs ADD COLUMN wait_until INTEGER;
CREATE INDEX runs_due ON runs (wait_until) WHERE state = 'waiting' AND wait_until IS NOT NULL;

-- A run that wants to hear of an event of this name or below it. `key` is its entry in the journal,
-- `seq` the last event stored before it, `answer` the seq of the first event that answers.
CREATE TABLE watches (
    run_id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    looked INTEGER NOT NULL DEFAULT 0,
    answer INTEGER
) WITHOUT ROWID;
CREATE INDEX watches_name ON watches (name);

-- One row per write, in the day it was first meant. `key` is its entry in the journal.
CREATE TABLE daily_writes (
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE INDEX daily_writes_day ON daily_writes (rule_id, day);

-- The page, or the first block, that a request left.
ALTER TABLE journal ADD COLUMN made TEXT;
CREATE INDEX journal_made ON journal (made) WHERE made IS NOT NULL;

-- So that a request nobody owns any more can be found and dropped.
CREATE INDEX journal_owners ON journal_runs (journal_id);
