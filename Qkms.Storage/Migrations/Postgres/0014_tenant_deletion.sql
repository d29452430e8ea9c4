-- The deletion of tenants: ordered, due, done. The row of a deleted tenant stays, so that its ids never come back.
ALTER TABLE tenants ADD COLUMN state_before INTEGER CHECK (state_before IN (1, 2));

ALTER TABLE tenants ADD COLUMN delete_ordered_at BIGINT;

ALTER TABLE tenants ADD COLUMN delete_ordered_by BYTEA CHECK (octet_length(delete_ordered_by) = 16);

-- One that waits says since when, until when, and what it was. The date stays until the last row of the tenant is gone.
ALTER TABLE tenants ADD COLUMN delete_at BIGINT CHECK (
  (delete_at IS NULL OR state IN (3, 4))
  AND (state <> 3 OR (delete_at IS NOT NULL AND delete_ordered_at IS NOT NULL AND state_before IS NOT NULL)));

ALTER TABLE tenants ADD COLUMN deleted_at BIGINT CHECK ((state = 4) = (deleted_at IS NOT NULL));

-- What waits and what is not done, in the order in which it is due: the sweep reads this and no more.
CREATE INDEX tenants_delete_at ON tenants (delete_at, id) WHERE delete_at IS NOT NULL;

-- Tenants whose keys must leave the memory of every node.
CREATE INDEX tenants_withheld ON tenants (id) WHERE state IN (2, 3);

-- Whoever deletes a version is asked by the foreign key of keys.active_kid: without an index that reads every key of the tenant.
CREATE INDEX keys_active ON keys (tenant_id, active_kid) WHERE active_kid IS NOT NULL;
