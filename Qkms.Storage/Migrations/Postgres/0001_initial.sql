-- The first schema, as Migrations/Sqlite/0001_initial.sql has it: the same tables, columns, checks, keys and indexes, in the words of
-- PostgreSQL. Ids are 16 bytes, big-endian, so that byte order is order of creation (UUIDv7); times are UTC milliseconds; flags are
-- 0 and 1, so that the same row classes read both databases.

CREATE TABLE installation (
  only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  installation_id BYTEA NOT NULL CHECK (length(installation_id) = 16),
  created_at BIGINT NOT NULL
);

-- The master key, once per root key that can open it.
CREATE TABLE root_wrappers (
  master_key_id BYTEA NOT NULL CHECK (length(master_key_id) = 16),
  wrapper_id BYTEA NOT NULL PRIMARY KEY CHECK (length(wrapper_id) = 16),
  kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
  parameters TEXT NOT NULL DEFAULT '',
  root_key_id TEXT NOT NULL CHECK (length(root_key_id) BETWEEN 1 AND 128),
  wrapped BYTEA NOT NULL CHECK (length(wrapped) > 0),
  state INTEGER NOT NULL DEFAULT 1 CHECK (state > 0),
  created_at BIGINT NOT NULL
);

CREATE TABLE tenants (
  id BYTEA NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  account_id TEXT NOT NULL UNIQUE CHECK (account_id ~ '^[0-9]{12}$'),
  name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
  state INTEGER NOT NULL CHECK (state > 0),
  plan TEXT NOT NULL CHECK (length(plan) > 0),
  created_at BIGINT NOT NULL,
  seal BYTEA NOT NULL CHECK (length(seal) = 33)
);

-- Keys wrapped by the master key: those of tenants, and those of the installation (tenant_id NULL).
CREATE TABLE keyring (
  id BYTEA NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  kind INTEGER NOT NULL CHECK (kind > 0),
  tenant_id BYTEA REFERENCES tenants (id),
  version INTEGER NOT NULL CHECK (version > 0),
  master_key_id BYTEA NOT NULL CHECK (length(master_key_id) = 16),
  wrapped BYTEA NOT NULL CHECK (length(wrapped) > 0),
  state INTEGER NOT NULL DEFAULT 1 CHECK (state > 0),
  created_at BIGINT NOT NULL,
  UNIQUE (tenant_id, id)
);

CREATE UNIQUE INDEX keyring_tenant_version ON keyring (tenant_id, kind, version) WHERE tenant_id IS NOT NULL;

CREATE UNIQUE INDEX keyring_system_version ON keyring (kind, version) WHERE tenant_id IS NULL;

CREATE TABLE keys (
  id BYTEA NOT NULL CHECK (length(id) = 16),
  tenant_id BYTEA NOT NULL REFERENCES tenants (id),
  owner_kind TEXT NOT NULL DEFAULT '',
  owner_id TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  algorithm TEXT NOT NULL CHECK (length(algorithm) > 0),
  use INTEGER NOT NULL CHECK (use > 0),
  origin TEXT NOT NULL CHECK (length(origin) > 0),
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
  delete_at BIGINT,
  description TEXT,
  rotation_period BIGINT CHECK (rotation_period > 0),
  next_rotation_at BIGINT,
  next_version INTEGER NOT NULL CHECK (next_version > 0),
  -- The version in the active slot; sealed with the row, so that a lost or altered version is noticed.
  active_kid TEXT,
  version_count INTEGER NOT NULL CHECK (version_count >= 0 AND version_count < next_version),
  row_version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  seal BYTEA NOT NULL CHECK (length(seal) = 33),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, owner_kind, owner_id, name, algorithm, use)
);

CREATE INDEX keys_next_rotation ON keys (next_rotation_at) WHERE next_rotation_at IS NOT NULL;

CREATE TABLE key_versions (
  id BYTEA NOT NULL CHECK (length(id) = 16),
  key_id BYTEA NOT NULL,
  tenant_id BYTEA NOT NULL,
  owner_kind TEXT NOT NULL DEFAULT '',
  owner_id TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  algorithm TEXT NOT NULL CHECK (length(algorithm) > 0),
  use INTEGER NOT NULL CHECK (use > 0),
  kid TEXT NOT NULL CHECK (length(kid) BETWEEN 1 AND 128),
  version INTEGER NOT NULL CHECK (version > 0),
  spelling TEXT NOT NULL CHECK (length(spelling) > 0),
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
  oaep_hash TEXT,
  public_key BYTEA NOT NULL,
  soft_usage_limit BIGINT CHECK (soft_usage_limit >= 0),
  max_usage_limit BIGINT CHECK (max_usage_limit >= 0),
  soft_limit_expiration BIGINT,
  expires_at BIGINT,
  process_until BIGINT,
  auto_rotate INTEGER NOT NULL DEFAULT 0 CHECK (auto_rotate IN (0, 1)),
  previous_kid TEXT,
  next_kid TEXT,
  created_at BIGINT NOT NULL,
  retired_at BIGINT,
  revoked_at BIGINT,
  destroyed_at BIGINT,
  seal BYTEA NOT NULL CHECK (length(seal) = 33),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, kid),
  UNIQUE (tenant_id, key_id, version),
  UNIQUE (tenant_id, previous_kid),
  FOREIGN KEY (tenant_id, key_id) REFERENCES keys (tenant_id, id),
  FOREIGN KEY (tenant_id, previous_kid) REFERENCES key_versions (tenant_id, kid)
);

ALTER TABLE keys ADD FOREIGN KEY (tenant_id, active_kid) REFERENCES key_versions (tenant_id, kid);

-- At most one active version per key, whatever the code above does.
CREATE UNIQUE INDEX key_versions_active ON key_versions (tenant_id, key_id) WHERE state = 1;

-- Lists show the tenant's own keys, newest first; a tenant's devices may own far more.
CREATE INDEX key_versions_list ON key_versions (tenant_id, id DESC) WHERE owner_kind = '';

CREATE INDEX key_versions_list_algorithm ON key_versions (tenant_id, algorithm, id DESC) WHERE owner_kind = '';

CREATE INDEX key_versions_list_name ON key_versions (tenant_id, name, id DESC) WHERE owner_kind = '';

CREATE INDEX key_versions_list_state ON key_versions (tenant_id, state, id DESC) WHERE owner_kind = '';

-- Private keys apart from their versions: destroying one is one DELETE, and lists stay narrow.
CREATE TABLE key_material (
  version_id BYTEA NOT NULL PRIMARY KEY CHECK (length(version_id) = 16),
  tenant_id BYTEA NOT NULL,
  wrapping_key_id BYTEA NOT NULL,
  format INTEGER NOT NULL CHECK (format > 0),
  wrapped BYTEA NOT NULL CHECK (length(wrapped) > 0),
  FOREIGN KEY (tenant_id, version_id) REFERENCES key_versions (tenant_id, id),
  FOREIGN KEY (tenant_id, wrapping_key_id) REFERENCES keyring (tenant_id, id)
);

-- Counters apart: they change with every use, and the sealed row does not.
CREATE TABLE key_usage (
  version_id BYTEA NOT NULL PRIMARY KEY CHECK (length(version_id) = 16),
  tenant_id BYTEA NOT NULL,
  used BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),
  last_used_at BIGINT,
  failures BIGINT NOT NULL DEFAULT 0 CHECK (failures >= 0),
  FOREIGN KEY (tenant_id, version_id) REFERENCES key_versions (tenant_id, id)
);

-- API keys by their keyed hash; kinds whose secret is needed again (signatures over requests) have it sealed instead.
CREATE TABLE credentials (
  id BYTEA NOT NULL CHECK (length(id) = 16),
  tenant_id BYTEA NOT NULL REFERENCES tenants (id),
  kind TEXT NOT NULL CHECK (length(kind) > 0),
  lookup_id TEXT NOT NULL CHECK (length(lookup_id) > 0),
  verifier BYTEA,
  sealed_secret BYTEA,
  hash_key_id BYTEA REFERENCES keyring (id),
  label TEXT NOT NULL,
  roles INTEGER NOT NULL CHECK (roles >= 0),
  permissions TEXT,
  key_scope TEXT,
  state INTEGER NOT NULL CHECK (state > 0),
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  grace_until BIGINT,
  successor_id BYTEA,
  seal BYTEA NOT NULL CHECK (length(seal) = 33),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (kind, lookup_id),
  FOREIGN KEY (tenant_id, successor_id) REFERENCES credentials (tenant_id, id),
  CHECK ((verifier IS NULL) <> (sealed_secret IS NULL)),
  CHECK ((verifier IS NULL) = (hash_key_id IS NULL))
);

CREATE TABLE credential_usage (
  credential_id BYTEA NOT NULL PRIMARY KEY CHECK (length(credential_id) = 16),
  tenant_id BYTEA NOT NULL,
  last_used_at BIGINT NOT NULL,
  FOREIGN KEY (tenant_id, credential_id) REFERENCES credentials (tenant_id, id)
);

-- The journal. A sequencer may later give positions within a stream; nothing waits for it at commit.
CREATE TABLE audit_events (
  id BYTEA NOT NULL CHECK (length(id) = 16),
  tenant_id BYTEA NOT NULL REFERENCES tenants (id),
  stream INTEGER NOT NULL DEFAULT 1 CHECK (stream > 0),
  position BIGINT CHECK (position >= 0),
  time BIGINT NOT NULL,
  action TEXT NOT NULL CHECK (length(action) > 0),
  actor_kind TEXT NOT NULL CHECK (length(actor_kind) > 0),
  actor_id TEXT NOT NULL CHECK (length(actor_id) > 0),
  key_id BYTEA CHECK (length(key_id) = 16),
  kid TEXT,
  key_version INTEGER,
  from_state TEXT,
  to_state TEXT,
  reason TEXT CHECK (length(reason) <= 256),
  request_id BYTEA CHECK (length(request_id) = 16),
  canonical BYTEA NOT NULL,
  leaf_hash BYTEA NOT NULL CHECK (length(leaf_hash) = 32),
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX audit_events_position ON audit_events (tenant_id, stream, position) WHERE position IS NOT NULL;

CREATE TABLE rotation_jobs (
  id BYTEA NOT NULL CHECK (length(id) = 16),
  tenant_id BYTEA NOT NULL,
  kid TEXT NOT NULL,
  overrides TEXT NOT NULL DEFAULT '{}',
  scheduled_at BIGINT NOT NULL,
  state INTEGER NOT NULL CHECK (state > 0),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  next_attempt_at BIGINT,
  new_kid TEXT,
  error_code TEXT,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  row_version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, kid) REFERENCES key_versions (tenant_id, kid)
);

CREATE INDEX rotation_jobs_due ON rotation_jobs (state, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- What a retried POST was answered. The answer is wrapped, because some hold data keys.
CREATE TABLE idempotency (
  tenant_id BYTEA NOT NULL REFERENCES tenants (id),
  idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
  request_hash BYTEA NOT NULL CHECK (length(request_hash) = 32),
  status INTEGER,
  wrapping_key_id BYTEA,
  response BYTEA,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, idempotency_key),
  FOREIGN KEY (tenant_id, wrapping_key_id) REFERENCES keyring (tenant_id, id)
);

CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- Which writes were committed, for the case that the answer to a commit is lost. A fenced one never was, and never will be.
CREATE TABLE writes (
  write_id BYTEA NOT NULL PRIMARY KEY CHECK (length(write_id) = 16),
  committed_at BIGINT NOT NULL,
  fenced INTEGER NOT NULL DEFAULT 0 CHECK (fenced IN (0, 1))
);

CREATE INDEX writes_age ON writes (committed_at);
