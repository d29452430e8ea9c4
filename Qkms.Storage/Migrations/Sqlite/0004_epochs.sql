-- As Migrations/Postgres/0004_epochs.sql has it. An embedded database has one server and one timeline: nothing is written here yet.

CREATE TABLE epochs (
  number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
  id BLOB NOT NULL UNIQUE CHECK (typeof(id) = 'blob' AND length(id) = 16),
  system_identifier INTEGER NOT NULL,
  timeline INTEGER NOT NULL CHECK (timeline > 0),
  begun_at INTEGER NOT NULL
);
