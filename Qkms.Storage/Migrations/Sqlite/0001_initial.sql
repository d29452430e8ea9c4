-- The first schema. Ids are 16 bytes, big-endian, so that byte order is order of creation (UUIDv7); times are UTC milliseconds;
-- a seal is a format byte and 32 bytes of HMAC. Tables of later features stand here too, so that those only add.
-- SQLite cannot change a CHECK without writing the table again: an enumeration is closed only where the design closes it,
-- else it is a positive number.

-- "Qkms", so that file(1) and the next start know whose file it is.
PRAGMA application_id = 0x516B6D73;

CREATE TABLE installation (
  only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  installation_id BLOB NOT NULL CHECK (typeof(installation_id) = 'blob' AND length(installation_id) = 16),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer')
);

-- The master key, once per root key that can open it.
CREATE TABLE root_wrappers (
  master_key_id BLOB NOT NULL CHECK (typeof(master_key_id) = 'blob' AND length(master_key_id) = 16),
  wrapper_id BLOB NOT NULL PRIMARY KEY CHECK (typeof(wrapper_id) = 'blob' AND length(wrapper_id) = 16),
  kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
  parameters TEXT NOT NULL DEFAULT '',
  root_key_id TEXT NOT NULL CHECK (length(root_key_id) BETWEEN 1 AND 128),
  wrapped BLOB NOT NULL CHECK (typeof(wrapped) = 'blob' AND length(wrapped) > 0),
  state INTEGER NOT NULL DEFAULT 1 CHECK (typeof(state) = 'integer' AND state > 0),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer')
) WITHOUT ROWID;

CREATE TABLE tenants (
  id BLOB NOT NULL PRIMARY KEY CHECK (typeof(id) = 'blob' AND length(id) = 16),
  account_id TEXT NOT NULL UNIQUE CHECK (length(account_id) = 12 AND account_id NOT GLOB '*[^0-9]*'),
  name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
  state INTEGER NOT NULL CHECK (typeof(state) = 'integer' AND state > 0),
  plan TEXT NOT NULL CHECK (length(plan) > 0),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 33)
);

-- Keys wrapped by the master key: those of tenants, and those of the installation (tenant_id NULL).
CREATE TABLE keyring (
  id BLOB NOT NULL PRIMARY KEY CHECK (typeof(id) = 'blob' AND length(id) = 16),
  kind INTEGER NOT NULL CHECK (typeof(kind) = 'integer' AND kind > 0),
  tenant_id BLOB REFERENCES tenants (id),
  version INTEGER NOT NULL CHECK (typeof(version) = 'integer' AND version > 0),
  master_key_id BLOB NOT NULL CHECK (typeof(master_key_id) = 'blob' AND length(master_key_id) = 16),
  wrapped BLOB NOT NULL CHECK (typeof(wrapped) = 'blob' AND length(wrapped) > 0),
  state INTEGER NOT NULL DEFAULT 1 CHECK (typeof(state) = 'integer' AND state > 0),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  UNIQUE (tenant_id, id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX keyring_tenant_version ON keyring (tenant_id, kind, version) WHERE tenant_id IS NOT NULL;

CREATE UNIQUE INDEX keyring_system_version ON keyring (kind, version) WHERE tenant_id IS NULL;

CREATE TABLE keys (
  id BLOB NOT NULL CHECK (typeof(id) = 'blob' AND length(id) = 16),
  tenant_id BLOB NOT NULL REFERENCES tenants (id),
  owner_kind TEXT NOT NULL DEFAULT '',
  owner_id TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  algorithm TEXT NOT NULL CHECK (length(algorithm) > 0),
  use INTEGER NOT NULL CHECK (typeof(use) = 'integer' AND use > 0),
  origin TEXT NOT NULL CHECK (length(origin) > 0),
  state INTEGER NOT NULL CHECK (typeof(state) = 'integer' AND state BETWEEN 1 AND 4),
  delete_at INTEGER,
  description TEXT,
  rotation_period INTEGER CHECK (rotation_period > 0),
  next_rotation_at INTEGER,
  next_version INTEGER NOT NULL CHECK (typeof(next_version) = 'integer' AND next_version > 0),
  -- The version in the active slot; sealed with the row, so that a lost or altered version is noticed.
  active_kid TEXT,
  version_count INTEGER NOT NULL CHECK (typeof(version_count) = 'integer' AND version_count >= 0 AND version_count < next_version),
  row_version INTEGER NOT NULL CHECK (typeof(row_version) = 'integer'),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 33),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, owner_kind, owner_id, name, algorithm, use),
  FOREIGN KEY (tenant_id, active_kid) REFERENCES key_versions (tenant_id, kid)
);

CREATE INDEX keys_next_rotation ON keys (next_rotation_at) WHERE next_rotation_at IS NOT NULL;

CREATE TABLE key_versions (
  id BLOB NOT NULL CHECK (typeof(id) = 'blob' AND length(id) = 16),
  key_id BLOB NOT NULL,
  tenant_id BLOB NOT NULL,
  owner_kind TEXT NOT NULL DEFAULT '',
  owner_id TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  algorithm TEXT NOT NULL CHECK (length(algorithm) > 0),
  use INTEGER NOT NULL CHECK (typeof(use) = 'integer' AND use > 0),
  kid TEXT NOT NULL CHECK (length(kid) BETWEEN 1 AND 128),
  version INTEGER NOT NULL CHECK (typeof(version) = 'integer' AND version > 0),
  spelling TEXT NOT NULL CHECK (length(spelling) > 0),
  state INTEGER NOT NULL CHECK (typeof(state) = 'integer' AND state BETWEEN 1 AND 4),
  oaep_hash TEXT,
  public_key BLOB NOT NULL CHECK (typeof(public_key) = 'blob'),
  soft_usage_limit INTEGER CHECK (soft_usage_limit >= 0),
  max_usage_limit INTEGER CHECK (max_usage_limit >= 0),
  soft_limit_expiration INTEGER,
  expires_at INTEGER,
  process_until INTEGER,
  auto_rotate INTEGER NOT NULL DEFAULT 0 CHECK (auto_rotate IN (0, 1)),
  previous_kid TEXT,
  next_kid TEXT,
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  retired_at INTEGER,
  revoked_at INTEGER,
  destroyed_at INTEGER,
  seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 33),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, kid),
  UNIQUE (tenant_id, key_id, version),
  UNIQUE (tenant_id, previous_kid),
  FOREIGN KEY (tenant_id, key_id) REFERENCES keys (tenant_id, id),
  FOREIGN KEY (tenant_id, previous_kid) REFERENCES key_versions (tenant_id, kid)
);

-- At most one active version per key, whatever the code above does.
CREATE UNIQUE INDEX key_versions_active ON key_versions (tenant_id, key_id) WHERE state = 1;

-- Lists show the tenant's own keys, newest first; a tenant's devices may own far more.
CREATE INDEX key_versions_list ON key_versions (tenant_id, id DESC) WHERE owner_kind = '';

CREATE INDEX key_versions_list_algorithm ON key_versions (tenant_id, algorithm, id DESC) WHERE owner_kind = '';

CREATE INDEX key_versions_list_name ON key_versions (tenant_id, name, id DESC) WHERE owner_kind = '';

CREATE INDEX key_versions_list_state ON key_versions (tenant_id, state, id DESC) WHERE owner_kind = '';

-- Private keys apart from their versions: destroying one is one DELETE, and lists stay narrow.
CREATE TABLE key_material (
  version_id BLOB NOT NULL PRIMARY KEY CHECK (typeof(version_id) = 'blob' AND length(version_id) = 16),
  tenant_id BLOB NOT NULL,
  wrapping_key_id BLOB NOT NULL,
  format INTEGER NOT NULL CHECK (typeof(format) = 'integer' AND format > 0),
  wrapped BLOB NOT NULL CHECK (typeof(wrapped) = 'blob' AND length(wrapped) > 0),
  FOREIGN KEY (tenant_id, version_id) REFERENCES key_versions (tenant_id, id),
  FOREIGN KEY (tenant_id, wrapping_key_id) REFERENCES keyring (tenant_id, id)
);

-- Counters apart: they change with every use, and the sealed row does not.
CREATE TABLE key_usage (
  version_id BLOB NOT NULL PRIMARY KEY CHECK (typeof(version_id) = 'blob' AND length(version_id) = 16),
  tenant_id BLOB NOT NULL,
  used INTEGER NOT NULL DEFAULT 0 CHECK (typeof(used) = 'integer' AND used >= 0),
  last_used_at INTEGER,
  failures INTEGER NOT NULL DEFAULT 0 CHECK (typeof(failures) = 'integer' AND failures >= 0),
  FOREIGN KEY (tenant_id, version_id) REFERENCES key_versions (tenant_id, id)
) WITHOUT ROWID;

-- API keys by their keyed hash; kinds whose secret is needed again (signatures over requests) have it sealed instead.
CREATE TABLE credentials (
  id BLOB NOT NULL CHECK (typeof(id) = 'blob' AND length(id) = 16),
  tenant_id BLOB NOT NULL REFERENCES tenants (id),
  kind TEXT NOT NULL CHECK (length(kind) > 0),
  lookup_id TEXT NOT NULL CHECK (length(lookup_id) > 0),
  verifier BLOB CHECK (typeof(verifier) IN ('blob', 'null')),
  sealed_secret BLOB CHECK (typeof(sealed_secret) IN ('blob', 'null')),
  hash_key_id BLOB REFERENCES keyring (id),
  label TEXT NOT NULL,
  roles INTEGER NOT NULL CHECK (typeof(roles) = 'integer' AND roles >= 0),
  permissions TEXT,
  key_scope TEXT,
  state INTEGER NOT NULL CHECK (typeof(state) = 'integer' AND state > 0),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  expires_at INTEGER,
  grace_until INTEGER,
  successor_id BLOB,
  seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 33),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (kind, lookup_id),
  FOREIGN KEY (tenant_id, successor_id) REFERENCES credentials (tenant_id, id),
  CHECK ((verifier IS NULL) <> (sealed_secret IS NULL)),
  CHECK ((verifier IS NULL) = (hash_key_id IS NULL))
);

CREATE TABLE credential_usage (
  credential_id BLOB NOT NULL PRIMARY KEY CHECK (typeof(credential_id) = 'blob' AND length(credential_id) = 16),
  tenant_id BLOB NOT NULL,
  last_used_at INTEGER NOT NULL CHECK (typeof(last_used_at) = 'integer'),
  FOREIGN KEY (tenant_id, credential_id) REFERENCES credentials (tenant_id, id)
) WITHOUT ROWID;

-- The journal. A sequencer may later give positions within a stream; nothing waits for it at commit.
CREATE TABLE audit_events (
  id BLOB NOT NULL CHECK (typeof(id) = 'blob' AND length(id) = 16),
  tenant_id BLOB NOT NULL REFERENCES tenants (id),
  stream INTEGER NOT NULL DEFAULT 1 CHECK (typeof(stream) = 'integer' AND stream > 0),
  position INTEGER CHECK (position >= 0),
  time INTEGER NOT NULL CHECK (typeof(time) = 'integer'),
  action TEXT NOT NULL CHECK (length(action) > 0),
  actor_kind TEXT NOT NULL CHECK (length(actor_kind) > 0),
  actor_id TEXT NOT NULL CHECK (length(actor_id) > 0),
  key_id BLOB CHECK (length(key_id) = 16),
  kid TEXT,
  key_version INTEGER,
  from_state TEXT,
  to_state TEXT,
  reason TEXT CHECK (length(reason) <= 256),
  request_id BLOB CHECK (length(request_id) = 16),
  canonical BLOB NOT NULL CHECK (typeof(canonical) = 'blob'),
  leaf_hash BLOB NOT NULL CHECK (typeof(leaf_hash) = 'blob' AND length(leaf_hash) = 32),
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX audit_events_position ON audit_events (tenant_id, stream, position) WHERE position IS NOT NULL;

CREATE TABLE rotation_jobs (
  id BLOB NOT NULL CHECK (typeof(id) = 'blob' AND length(id) = 16),
  tenant_id BLOB NOT NULL,
  kid TEXT NOT NULL,
  overrides TEXT NOT NULL DEFAULT '{}',
  scheduled_at INTEGER NOT NULL CHECK (typeof(scheduled_at) = 'integer'),
  state INTEGER NOT NULL CHECK (typeof(state) = 'integer' AND state > 0),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (typeof(attempts) = 'integer' AND attempts >= 0),
  next_attempt_at INTEGER,
  new_kid TEXT,
  error_code TEXT,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  finished_at INTEGER,
  row_version INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, kid) REFERENCES key_versions (tenant_id, kid)
);

CREATE INDEX rotation_jobs_due ON rotation_jobs (state, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- What a retried POST was answered. The answer is wrapped, because some hold data keys.
CREATE TABLE idempotency (
  tenant_id BLOB NOT NULL REFERENCES tenants (id),
  idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
  request_hash BLOB NOT NULL CHECK (typeof(request_hash) = 'blob' AND length(request_hash) = 32),
  status INTEGER,
  wrapping_key_id BLOB,
  response BLOB CHECK (typeof(response) IN ('blob', 'null')),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  expires_at INTEGER NOT NULL CHECK (typeof(expires_at) = 'integer'),
  PRIMARY KEY (tenant_id, idempotency_key),
  FOREIGN KEY (tenant_id, wrapping_key_id) REFERENCES keyring (tenant_id, id)
);

CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- Which writes were committed, for a database behind a network whose answer to a commit can be lost.
CREATE TABLE writes (
  write_id BLOB NOT NULL PRIMARY KEY CHECK (typeof(write_id) = 'blob' AND length(write_id) = 16),
  committed_at INTEGER NOT NULL CHECK (typeof(committed_at) = 'integer')
) WITHOUT ROWID;

CREATE INDEX writes_age ON writes (committed_at);
