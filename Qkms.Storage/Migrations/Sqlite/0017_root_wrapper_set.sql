-- Which rows of root_wrappers count, authenticated by the master key: none of them can be added, removed or put back alone.
CREATE TABLE root_wrapper_set (
  only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  master_key_id BLOB NOT NULL CHECK (typeof(master_key_id) = 'blob' AND length(master_key_id) = 16),
  epoch INTEGER NOT NULL CHECK (typeof(epoch) = 'integer' AND epoch > 0),
  mac BLOB NOT NULL CHECK (typeof(mac) = 'blob' AND length(mac) = 32)
);

-- The events about root keys say which epoch is the newest: they are asked for at each start.
CREATE INDEX audit_events_root_keys ON audit_events (id)
  WHERE action IN ('root_key.added', 'root_key.removed');
