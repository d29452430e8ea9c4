-- As Migrations/Sqlite/0009_journal.sql has it.

CREATE TABLE audit_streams (
  tenant_id BYTEA NOT NULL REFERENCES tenants (id),
  stream INTEGER NOT NULL CHECK (stream > 0),
  kind INTEGER NOT NULL CHECK (kind > 0),
  node TEXT NOT NULL DEFAULT '' CHECK (length(node) <= 64),
  installation_id BYTEA NOT NULL CHECK (length(installation_id) = 16),
  next_position BIGINT NOT NULL CHECK (next_position >= first_position),
  head_hash BYTEA NOT NULL CHECK (length(head_hash) = 32),
  first_position BIGINT NOT NULL CHECK (first_position >= 0),
  first_previous_hash BYTEA NOT NULL CHECK (length(first_previous_hash) = 32),
  created_at BIGINT NOT NULL,
  row_version BIGINT NOT NULL CHECK (row_version > 0),
  seal BYTEA NOT NULL CHECK (length(seal) = 33),
  seal_key_id BYTEA NOT NULL CHECK (length(seal_key_id) = 16),
  PRIMARY KEY (tenant_id, stream),
  UNIQUE (tenant_id, kind, node)
);

ALTER TABLE audit_events ADD COLUMN previous_hash BYTEA CHECK (length(previous_hash) = 32);

ALTER TABLE audit_events ADD COLUMN row_seal BYTEA CHECK (length(row_seal) = 49);

ALTER TABLE audit_events ADD COLUMN key_seal BYTEA CHECK (length(key_seal) = 49);

ALTER TABLE audit_events ADD COLUMN mac BYTEA CHECK (length(mac) = 32);

ALTER TABLE audit_events ADD COLUMN mac_key_id BYTEA CHECK (length(mac_key_id) = 16);

CREATE INDEX audit_events_key ON audit_events (tenant_id, key_id, position) WHERE stream = 1 AND key_id IS NOT NULL;

CREATE INDEX audit_events_kid ON audit_events (tenant_id, kid, position) WHERE stream = 1 AND kid IS NOT NULL;
