-- The deletion of keys. Since when one waits; null when nothing waits, or the deletion has begun and is not cancelled any more.
ALTER TABLE keys ADD COLUMN delete_ordered_at INTEGER CHECK (
  typeof(delete_ordered_at) IN ('integer', 'null')
  AND typeof(delete_at) IN ('integer', 'null')
  AND typeof(description) IN ('text', 'null')
  AND (delete_at IS NULL OR state = 3)
  AND (delete_ordered_at IS NULL OR delete_at IS NOT NULL)
  AND (state <> 3 OR delete_at IS NOT NULL OR destroyed_count = version_count)
  AND (description IS NULL OR length(description) BETWEEN 1 AND 8192));

-- What waits and what is not done: the sweep reads this and no more.
CREATE INDEX keys_delete_at ON keys (delete_at, id) WHERE delete_at IS NOT NULL;
