-- Counters of uses are sealed, and have a number that rises with every write of the row. Nothing was counted before.

ALTER TABLE key_usage ADD COLUMN row_version INTEGER NOT NULL DEFAULT 1 CHECK (typeof(row_version) = 'integer' AND row_version > 0);

ALTER TABLE key_usage ADD COLUMN seal BLOB CHECK (typeof(seal) = 'null' OR (typeof(seal) = 'blob' AND length(seal) = 33));

ALTER TABLE key_usage ADD COLUMN seal_key_id BLOB
  CHECK (typeof(seal_key_id) = 'null' OR (typeof(seal_key_id) = 'blob' AND length(seal_key_id) = 16));

-- The tenant's own words about a version: a JSON object of strings, sealed with the row where there is one.
ALTER TABLE key_versions ADD COLUMN labels TEXT CHECK (typeof(labels) IN ('text', 'null'));
