-- The database's own account of where it has been: an epoch begins when a node first works on another server, on another timeline of
-- it, or with a node that remembers none. Ids are random, so that two servers that went apart have different ones under the same number.

CREATE TABLE epochs (
  number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
  id BYTEA NOT NULL UNIQUE CHECK (length(id) = 16),
  system_identifier BIGINT NOT NULL,
  timeline BIGINT NOT NULL CHECK (timeline > 0),
  begun_at BIGINT NOT NULL
);
