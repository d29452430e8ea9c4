-- The deletion of tenants: ordered, due, done. The row of a deleted tenant stays, so that its ids never come back.
ALTER TABLE tenants ADD COLUMN state_before INTEGER
  CHECK (typeof(state_before) = 'null' OR (typeof(state_before) = 'integer' AND state_before IN (1, 2)));

ALTER TABLE tenants ADD COLUMN delete_ordered_at INTEGER CHECK (typeof(delete_ordered_at) IN ('integer', 'null'));

ALTER TABLE tenants ADD COLUMN delete_ordered_by BLOB
  CHECK (typeof(delete_ordered_by) = 'null' OR (typeof(delete_ordered_by) = 'blob' AND length(delete_ordered_by) = 16));

-- One that waits says since when, until when, and what it was. The date stays until the last row of the tenant is gone.
ALTER TABLE tenants ADD COLUMN delete_at INTEGER CHECK (
  typeof(delete_at) IN ('integer', 'null')
  AND (delete_at IS NULL OR state IN (3, 4))
  AND (state <> 3 OR (delete_at IS NOT NULL AND delete_ordered_at IS NOT NULL AND state_before IS NOT NULL)));

ALTER TABLE tenants ADD COLUMN deleted_at INTEGER CHECK (
  typeof(deleted_at) IN ('integer', 'null') AND (state = 4) = (deleted_at IS NOT NULL));

-- What waits and what is not done, in the order in which it is due: the sweep reads this and no more.
CREATE INDEX tenants_delete_at ON tenants (delete_at, id) WHERE delete_at IS NOT NULL;

-- Tenants whose keys must leave the memory of every node.
CREATE INDEX tenants_withheld ON tenants (id) WHERE state IN (2, 3);

-- Whoever deletes a version is asked by the foreign key of keys.active_kid: without an index that reads every key of the tenant.
CREATE INDEX keys_active ON keys (tenant_id, active_kid) WHERE active_kid IS NOT NULL;

-- Private keys of a deleted tenant are zeros that belong to nobody. Their rows are not deleted: SQLite would move their neighbours, and
-- leave copies of those behind in space that belongs to no row.
CREATE TABLE key_material_0014 (
  version_id BLOB NOT NULL PRIMARY KEY CHECK (typeof(version_id) = 'blob' AND length(version_id) = 16),
  tenant_id BLOB,
  wrapping_key_id BLOB,
  format INTEGER NOT NULL CHECK (typeof(format) = 'integer' AND format > 0),
  wrapped BLOB NOT NULL CHECK (typeof(wrapped) = 'blob' AND length(wrapped) > 0),
  FOREIGN KEY (tenant_id, version_id) REFERENCES key_versions (tenant_id, id),
  FOREIGN KEY (tenant_id, wrapping_key_id) REFERENCES keyring (tenant_id, id),
  CHECK ((tenant_id IS NULL) = (wrapping_key_id IS NULL)),
  CHECK (tenant_id IS NOT NULL OR wrapped = zeroblob(length(wrapped)))
);

INSERT INTO key_material_0014 (version_id, tenant_id, wrapping_key_id, format, wrapped)
SELECT version_id, tenant_id, wrapping_key_id, format, wrapped
FROM key_material
ORDER BY rowid;

DROP TABLE key_material;

ALTER TABLE key_material_0014 RENAME TO key_material;
