-- Devices and when their keys were generated: a limit of generations in 24 hours is counted by it. The keys are in the tables of all keys,
-- with the owner kind 'device'. Whoever makes a key of a device holds this row first.
CREATE TABLE devices (
  tenant_id BLOB NOT NULL REFERENCES tenants (id),
  device_id TEXT NOT NULL CHECK (length(device_id) BETWEEN 1 AND 128),
  generations TEXT NOT NULL CHECK (length(generations) > 0),
  created_at INTEGER NOT NULL CHECK (typeof(created_at) = 'integer'),
  row_version INTEGER NOT NULL CHECK (typeof(row_version) = 'integer' AND row_version > 0),
  seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 33),
  seal_key_id BLOB NOT NULL CHECK (typeof(seal_key_id) = 'blob' AND length(seal_key_id) = 16),
  PRIMARY KEY (tenant_id, device_id)
) WITHOUT ROWID;

-- How many devices a tenant has: what its plan limits is counted by it.
CREATE TABLE device_counts (
  tenant_id BLOB NOT NULL PRIMARY KEY REFERENCES tenants (id),
  devices INTEGER NOT NULL CHECK (typeof(devices) = 'integer' AND devices >= 0),
  row_version INTEGER NOT NULL CHECK (typeof(row_version) = 'integer' AND row_version > 0),
  seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = 33),
  seal_key_id BLOB NOT NULL CHECK (typeof(seal_key_id) = 'blob' AND length(seal_key_id) = 16)
) WITHOUT ROWID;

-- Versions of other owners than the tenant itself: those of a device are found by it, and not among those of all devices.
CREATE INDEX key_versions_owner ON key_versions (tenant_id, owner_kind, owner_id, id DESC) WHERE owner_kind <> '';

-- Versions of devices that may be due for destruction, in the order in which they are.
CREATE INDEX key_versions_kept_until ON key_versions (process_until, id) WHERE owner_kind = 'device' AND state <> 4;
