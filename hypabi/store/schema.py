"""The layout of the store; ``docs/reference/store.md`` is made of it.

It is public: who opens the file with any SQLite finds these tables.  ``user_version`` is the
version of the layout; it rises when a column changes its meaning, and columns are only added.
"""

from typing import Final

APPLICATION: Final = 0x48594142
"""``HYAB``: SQLite's ``application_id``, by which file(1) and we tell the file."""
VERSION: Final = 1

TABLES: Final = """
-- A kernel, known by the SHA-256 of its image.
CREATE TABLE image (
  sha256 TEXT PRIMARY KEY,
  architecture TEXT NOT NULL,   -- arm or arm64
  release TEXT NOT NULL,        -- as uname -r prints it
  version TEXT NOT NULL,        -- of the build: the distribution's, else the release
  series TEXT NOT NULL,         -- 6.1
  flavour TEXT NOT NULL,        -- what the release ends in: arm64-16k
  banner TEXT NOT NULL,
  size INTEGER NOT NULL,        -- bytes
  number INTEGER NOT NULL       -- counts kernels as they came; of two builds of a version tells
                                -- which is the later
) WITHOUT ROWID;

-- Where kernels were looked for, and what was there; the last time counts.
CREATE TABLE origin (
  name TEXT PRIMARY KEY,        -- path, or package with its version
  identity TEXT NOT NULL,       -- size and times of a file, SHA-256 of a package
  made_by TEXT NOT NULL,        -- versions of hypabi and its tools
  fate TEXT NOT NULL,           -- judged, no kernel, refused, could not be had, failed
  reason TEXT NOT NULL,
  image TEXT REFERENCES image
) WITHOUT ROWID;
CREATE INDEX origin_identity ON origin (identity);

-- What one question found in one image, held against one contract by one version of hypabi.
CREATE TABLE result (
  id INTEGER PRIMARY KEY,
  image TEXT NOT NULL REFERENCES image,
  question TEXT NOT NULL,       -- check, callers, derive, trace
  contract TEXT NOT NULL,       -- its name
  contract_sha256 TEXT NOT NULL,
  contract_version TEXT NOT NULL, -- kernel version that it was taken at
  asked TEXT NOT NULL,          -- the contract that was named; empty for the one that fits
  made_by TEXT NOT NULL,
  verdict TEXT NOT NULL,
  exit_status INTEGER NOT NULL,
  seconds REAL NOT NULL,
  megabytes INTEGER NOT NULL,
  document BLOB NOT NULL,       -- the report as JSON, deflated (zlib)
  UNIQUE (image, question, contract_sha256, asked, made_by)
);

-- What was judged in a result, good or not.
CREATE TABLE item (
  result INTEGER NOT NULL REFERENCES result,
  number INTEGER NOT NULL,      -- counts from 0 in the order of the report
  unit TEXT NOT NULL,           -- clauses, call sites, parties ...
  party TEXT NOT NULL,
  call TEXT NOT NULL,
  name TEXT NOT NULL,           -- of the clause, the calling function ...
  word TEXT NOT NULL,           -- proved, violated, missing ...
  weight TEXT NOT NULL,         -- good, refuted, undecided
  rule TEXT NOT NULL,           -- HYP-..., empty where nothing is to be told
  text TEXT NOT NULL,
  PRIMARY KEY (result, number)
) WITHOUT ROWID;
CREATE INDEX item_call ON item (call);
CREATE INDEX item_rule ON item (rule);

-- A run of hypabi sweep.
CREATE TABLE sweep (
  id INTEGER PRIMARY KEY,
  command TEXT NOT NULL,        -- as JSON
  made_by TEXT NOT NULL,
  state TEXT NOT NULL           -- running, done, interrupted
);

-- The newest result of each question to an image: what reports are made of.
CREATE VIEW newest AS
  SELECT * FROM result AS one WHERE id = (
    SELECT max(id) FROM result AS other
    WHERE other.image = one.image AND other.question = one.question);
"""
