-- Rotation jobs as they are used. The table of the first schema was written by nothing.
DROP TABLE rotation_jobs;

CREATE TABLE rotation_jobs (
  id BLOB NOT NULL CHECK (typeof(id) = 'blob' AND length(id) = 16),
  tenant_id BLOB NOT NULL,
  kid TEXT NOT NULL CHECK (length(kid) BETWEEN 1 AND 128),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  cause INTEGER NOT NULL CHECK (typeof(cause) = 'integer' AND cause > 0),
  requested_kid TEXT,
  requested_algorithm TEXT,
  limits BLOB CHECK (typeof(limits) IN ('blob', 'null')),
  scheduled_at INTEGER NOT NULL CHECK (typeof(scheduled_at) = 'integer'),
  state INTEGER NOT NULL CHECK (typeof(state) = 'integer' AND state BETWEEN 1 AND 5),
  attempts INTEGER NOT NULL CHECK (typeof(attempts) = 'integer' AND attempts >= 0),
  next_attempt_at INTEGER CHECK (typeof(next_attempt_at) IN ('integer', 'null')),
  new_kid TEXT,
  error_code TEXT,
  reason TEXT CHECK (length(reason) <= 256),
  actor_kind TEXT NOT NULL CHECK (length(actor_kind) > 0),
  actor_id TEXT NOT NULL CHECK (length(actor_id) > 0),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  finished_at INTEGER,
  row_version INTEGER NOT NULL CHECK (typeof(row_version) = 'integer'),
  seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 33),
  seal_key_id BLOB NOT NULL CHECK (typeof(seal_key_id) = 'blob' AND length(seal_key_id) = 16),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, kid) REFERENCES key_versions (tenant_id, kid),
  FOREIGN KEY (tenant_id, new_kid) REFERENCES key_versions (tenant_id, kid),
  -- A job that waits is due at some time, one that is over never again, and one that succeeded has a successor.
  CHECK ((state IN (1, 2)) = (next_attempt_at IS NOT NULL)),
  CHECK ((state IN (1, 2)) = (finished_at IS NULL)),
  CHECK ((state = 3) = (new_kid IS NOT NULL))
);

-- What waits, in the order in which it is due: the scheduler reads this and no more.
CREATE INDEX rotation_jobs_due ON rotation_jobs (next_attempt_at, id) WHERE state IN (1, 2);

-- A version waits for one job that was asked for, and for one of the service itself. The causes are RotationCause's.
CREATE UNIQUE INDEX rotation_jobs_requested ON rotation_jobs (tenant_id, kid) WHERE state IN (1, 2) AND cause = 1;

CREATE UNIQUE INDEX rotation_jobs_own ON rotation_jobs (tenant_id, kid) WHERE state IN (1, 2) AND cause <> 1;

CREATE INDEX rotation_jobs_kid ON rotation_jobs (tenant_id, kid, id DESC);

CREATE INDEX rotation_jobs_state ON rotation_jobs (tenant_id, state, id DESC);

-- Keys that rotate by themselves, in the order in which they are due; one without an active version has nothing to rotate.
DROP INDEX keys_next_rotation;

CREATE INDEX keys_next_rotation ON keys (next_rotation_at, id) WHERE active_kid IS NOT NULL AND next_rotation_at IS NOT NULL;

-- Active versions whose soft expiration starts a rotation.
CREATE INDEX key_versions_auto_rotate ON key_versions (soft_limit_expiration, id)
  WHERE auto_rotate = 1 AND state = 1 AND soft_limit_expiration IS NOT NULL;

-- Versions with which a rotation chain begins.
CREATE INDEX key_versions_chain_start ON key_versions (tenant_id, key_id, version) WHERE previous_kid IS NULL;
