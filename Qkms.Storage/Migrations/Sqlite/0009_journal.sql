-- The journal as chains: one stream of life-cycle events for each tenant, and one of uses for each tenant and node. Each event names the one
-- before it by its hash and carries an HMAC; the row of a stream is its head, sealed, and written with the events (docs/journal.md).
-- Events of earlier builds have no position: they stay outside the chains, and the first event of the tenant's stream vouches for them.

CREATE TABLE audit_streams (
  tenant_id BLOB NOT NULL REFERENCES tenants (id),
  stream INTEGER NOT NULL CHECK (typeof(stream) = 'integer' AND stream > 0),
  kind INTEGER NOT NULL CHECK (typeof(kind) = 'integer' AND kind > 0),
  node TEXT NOT NULL DEFAULT '' CHECK (length(node) <= 64),
  installation_id BLOB NOT NULL CHECK (typeof(installation_id) = 'blob' AND length(installation_id) = 16),
  next_position INTEGER NOT NULL CHECK (typeof(next_position) = 'integer' AND next_position >= first_position),
  head_hash BLOB NOT NULL CHECK (typeof(head_hash) = 'blob' AND length(head_hash) = 32),
  first_position INTEGER NOT NULL CHECK (typeof(first_position) = 'integer' AND first_position >= 0),
  first_previous_hash BLOB NOT NULL CHECK (typeof(first_previous_hash) = 'blob' AND length(first_previous_hash) = 32),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  row_version INTEGER NOT NULL CHECK (typeof(row_version) = 'integer' AND row_version > 0),
  seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 33),
  seal_key_id BLOB NOT NULL CHECK (typeof(seal_key_id) = 'blob' AND length(seal_key_id) = 16),
  PRIMARY KEY (tenant_id, stream),
  UNIQUE (tenant_id, kind, node)
) WITHOUT ROWID;

-- What the event before hashes to, and the seals of the rows that the change left behind: format 2, id of the key, HMAC.
ALTER TABLE audit_events ADD COLUMN previous_hash BLOB
  CHECK (typeof(previous_hash) = 'null' OR (typeof(previous_hash) = 'blob' AND length(previous_hash) = 32));

ALTER TABLE audit_events ADD COLUMN row_seal BLOB
  CHECK (typeof(row_seal) = 'null' OR (typeof(row_seal) = 'blob' AND length(row_seal) = 49));

ALTER TABLE audit_events ADD COLUMN key_seal BLOB
  CHECK (typeof(key_seal) = 'null' OR (typeof(key_seal) = 'blob' AND length(key_seal) = 49));

ALTER TABLE audit_events ADD COLUMN mac BLOB CHECK (typeof(mac) = 'null' OR (typeof(mac) = 'blob' AND length(mac) = 32));

ALTER TABLE audit_events ADD COLUMN mac_key_id BLOB
  CHECK (typeof(mac_key_id) = 'null' OR (typeof(mac_key_id) = 'blob' AND length(mac_key_id) = 16));

-- What happened to a key, and to a version, newest first. Uses are far more, and are read by their position.
CREATE INDEX audit_events_key ON audit_events (tenant_id, key_id, position) WHERE stream = 1 AND key_id IS NOT NULL;

CREATE INDEX audit_events_kid ON audit_events (tenant_id, kid, position) WHERE stream = 1 AND kid IS NOT NULL;
