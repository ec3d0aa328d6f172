"""The tables of the database, as numbered migrations."""

_JOBS = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- a deleted job's number is never given again
    files TEXT NOT NULL,
    input_sha256 TEXT NOT NULL,
    text_column TEXT,
    provider TEXT NOT NULL,
    base_url TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_version TEXT NOT NULL,
    settings TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    code TEXT,
    hold_until REAL,
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL,
    loaded_rows INTEGER NOT NULL DEFAULT 0,
    lookups INTEGER NOT NULL DEFAULT 0,
    estimated_s REAL,
    output TEXT
)
"""

# A refused row has neither key nor complexity. `leader` is the position of the ticket this one follows.
# The long columns stand last: a scan for the others does not walk their overflow pages.
_TICKETS = """
CREATE TABLE tickets (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    complexity TEXT,
    leader INTEGER,
    epoch INTEGER NOT NULL DEFAULT 0,
    ticket_attempts INTEGER NOT NULL DEFAULT 0,
    service_attempts INTEGER NOT NULL DEFAULT 0,
    due REAL,
    source TEXT,
    category TEXT,
    priority TEXT,
    tokens INTEGER NOT NULL DEFAULT 0,
    cost REAL NOT NULL DEFAULT 0,
    saved_tokens INTEGER NOT NULL DEFAULT 0,
    saved_cost REAL NOT NULL DEFAULT 0,
    batch INTEGER,
    code TEXT,
    http_status INTEGER,
    request_id TEXT,
    settled_at REAL,
    key BLOB,
    words INTEGER NOT NULL,
    estimated_tokens INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    line INTEGER NOT NULL,
    file TEXT NOT NULL,
    external_id TEXT,
    summary TEXT,
    flags TEXT,
    message TEXT,
    text TEXT NOT NULL,
    columns TEXT,
    UNIQUE (job_id, position)
)
"""

_CACHE = """
CREATE TABLE cache (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    stored_at REAL NOT NULL,
    category TEXT NOT NULL,
    priority TEXT NOT NULL,
    summary TEXT NOT NULL,
    flags TEXT,
    tokens INTEGER NOT NULL,
    cost REAL NOT NULL
)
"""

_ATTEMPTS = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    batch INTEGER NOT NULL,
    complexity TEXT NOT NULL,
    size INTEGER NOT NULL,
    started_at REAL NOT NULL,
    latency_ms REAL NOT NULL,
    wait_ms REAL NOT NULL,
    http_status INTEGER,
    code TEXT,
    request_id TEXT,
    paid TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    usage_estimated INTEGER NOT NULL,
    cost REAL NOT NULL,
    saved_tokens INTEGER NOT NULL,
    saved_cost REAL NOT NULL,
    answer TEXT
)
"""

# `place` is the ticket's place in the batch from 1; `code` and `message` are this ticket's own fault in it.
_ATTEMPT_TICKETS = """
CREATE TABLE attempt_tickets (
    job_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    code TEXT,
    message TEXT,
    PRIMARY KEY (job_id, position, attempt_id)
) WITHOUT ROWID
"""

# A ticket that was asked again alone: `category` and `priority` it got in company; alone none where no answer came.
_CHECKS = """
CREATE TABLE checks (
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    complexity TEXT NOT NULL,
    batch INTEGER NOT NULL,
    category TEXT NOT NULL,
    priority TEXT NOT NULL,
    alone_category TEXT,
    alone_priority TEXT,
    checked_at REAL NOT NULL,
    PRIMARY KEY (job_id, position)
) WITHOUT ROWID
"""

_INDEXES = (
    "CREATE INDEX jobs_content ON jobs (input_sha256)",
    "CREATE INDEX tickets_same_text ON tickets (job_id, key) WHERE key IS NOT NULL",
    "CREATE INDEX tickets_tally ON tickets (job_id, state, complexity, source, code, leader)",
    "CREATE INDEX tickets_to_send ON tickets (job_id, complexity, position) WHERE state = 'queued' AND leader IS NULL",
    "CREATE INDEX tickets_following ON tickets (job_id, leader) WHERE state = 'queued' AND leader IS NOT NULL",
    "CREATE INDEX tickets_waiting ON tickets (job_id, due) WHERE state = 'waiting'",
    "CREATE INDEX tickets_failed ON tickets (job_id, position, code, complexity, state) WHERE state = 'failed'",
    "CREATE INDEX tickets_causes ON tickets (job_id, code, message, state) WHERE state = 'failed'",
    "CREATE INDEX tickets_done ON tickets (job_id, position, category, priority, state) WHERE state = 'done'",
    "CREATE INDEX cache_age ON cache (stored_at)",
    "CREATE INDEX attempts_of_job ON attempts (job_id)",
    "CREATE INDEX attempt_tickets_of_attempt ON attempt_tickets (attempt_id)",
)

# What a big job looks like: rows of the index, then rows per value of its first column, of its first two, ...
# Without these figures SQLite takes `state = 'queued'` for rare and reads the whole backlog for one leader's twins
# (63 s for a window that takes 0.02, measured). They are fixed so that every database has the same plans.
_STATISTICS = (
    "ANALYZE",
    "DELETE FROM sqlite_stat1",
    """
    INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
        ('jobs', 'jobs_content', '100 2'),
        ('tickets', 'sqlite_autoindex_tickets_1', '1000000 100000 1'),
        ('tickets', 'tickets_same_text', '1000000 100000 2'),
        ('tickets', 'tickets_tally', '1000000 100000 80000 40000 30000 20000 15000'),
        ('tickets', 'tickets_to_send', '100000 50000 20000 1'),
        ('tickets', 'tickets_following', '50000 20000 2'),
        ('tickets', 'tickets_waiting', '1000 500 1'),
        ('tickets', 'tickets_failed', '50000 10000 1 1 1 1'),
        ('tickets', 'tickets_causes', '50000 10000 1000 100 100'),
        ('tickets', 'tickets_done', '900000 90000 1 1 1 1'),
        ('cache', 'sqlite_autoindex_cache_1', '1000000 1'),
        ('cache', 'cache_age', '1000000 1'),
        ('attempts', 'attempts_of_job', '100000 10000'),
        ('attempt_tickets', 'attempt_tickets', '1000000 100000 2 1'),
        ('attempt_tickets', 'attempt_tickets_of_attempt', '1000000 10'),
        ('checks', 'checks', '5000 500 1')
    """,
    "ANALYZE sqlite_master",
)

# Version 2: an answer is known by its ticket's row, not by a second one; a key is half a SHA-256.
_KNOWN_BY_ITS_ROW = (
    "DROP TABLE cache",
    "DROP INDEX tickets_same_text",
    "DROP INDEX tickets_following",
    # When a request answered it; empty where it follows another ticket.
    "ALTER TABLE tickets ADD COLUMN known_at REAL",
    "UPDATE tickets SET known_at = settled_at WHERE state = 'done' AND source = 'model' AND leader IS NULL",
    "UPDATE tickets SET key = substr(key, 1, 16) WHERE key IS NOT NULL",
    # The one index of random keys, of leaders alone: each ticket writes a page of it, once it is big.
    "CREATE INDEX tickets_same_text ON tickets (key, job_id) WHERE key IS NOT NULL AND leader IS NULL",
    "CREATE INDEX tickets_known ON tickets (known_at) WHERE known_at IS NOT NULL",
    "CREATE INDEX tickets_following ON tickets (job_id, leader, state) WHERE leader IS NOT NULL",
    "DELETE FROM sqlite_stat1 WHERE tbl = 'cache' OR idx IN ('tickets_same_text', 'tickets_following')",
    """
    INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
        ('tickets', 'tickets_same_text', '1000000 2 1'),
        ('tickets', 'tickets_known', '1000000 1'),
        ('tickets', 'tickets_following', '500000 50000 2 1')
    """,
    "ANALYZE sqlite_master",
)

# Migration n (from 1) takes a database of version n - 1 to n; a published one is never changed again.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (_JOBS, _TICKETS, _CACHE, _ATTEMPTS, _ATTEMPT_TICKETS, _CHECKS, *_INDEXES, *_STATISTICS),
    _KNOWN_BY_ITS_ROW,
)
