-- Names by which clients of AWS KMS know keys. A name is unique in its tenant, and says which key is meant: whoever changes it holds the
-- key's row first.
CREATE TABLE aliases (
  tenant_id BYTEA NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 7 AND 256 AND substr(name, 1, 6) = 'alias/'),
  key_id BYTEA NOT NULL CHECK (octet_length(key_id) = 16),
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  row_version BIGINT NOT NULL CHECK (row_version > 0),
  seal BYTEA NOT NULL CHECK (octet_length(seal) = 33),
  seal_key_id BYTEA NOT NULL CHECK (octet_length(seal_key_id) = 16),
  PRIMARY KEY (tenant_id, name),
  FOREIGN KEY (tenant_id, key_id) REFERENCES keys (tenant_id, id)
);

CREATE INDEX aliases_key ON aliases (tenant_id, key_id, name);

-- The newest event about an alias says whether it is there, and with which row: it is asked for whenever the alias is looked up.
CREATE INDEX audit_events_alias ON audit_events (tenant_id, to_state, position)
  WHERE action IN ('alias.created', 'alias.updated', 'alias.deleted');

-- The tags of a key, all in one row: none can be removed or put back alone. They decide nothing.
CREATE TABLE key_tags (
  tenant_id BYTEA NOT NULL,
  key_id BYTEA NOT NULL CHECK (octet_length(key_id) = 16),
  tags TEXT NOT NULL CHECK (length(tags) > 0),
  row_version BIGINT NOT NULL CHECK (row_version > 0),
  seal BYTEA NOT NULL CHECK (octet_length(seal) = 33),
  seal_key_id BYTEA NOT NULL CHECK (octet_length(seal_key_id) = 16),
  PRIMARY KEY (tenant_id, key_id),
  FOREIGN KEY (tenant_id, key_id) REFERENCES keys (tenant_id, id)
);
