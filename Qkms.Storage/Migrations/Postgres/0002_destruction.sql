-- Destruction of key versions: when it is due, and how many of a key are destroyed. Both are sealed with their rows.
-- The row of a destroyed version in key_material stays, written over with zeros.

ALTER TABLE key_versions ADD COLUMN destroy_at BIGINT;

ALTER TABLE keys ADD COLUMN destroyed_count INTEGER NOT NULL DEFAULT 0
  CHECK (destroyed_count >= 0 AND destroyed_count <= version_count);

-- Few versions wait at any time, of whatever tenant.
CREATE INDEX key_versions_destroy ON key_versions (destroy_at) WHERE destroy_at IS NOT NULL;
