-- Counters of uses are sealed, and have a number that rises with every write of the row. Nothing was counted before.

ALTER TABLE key_usage ADD COLUMN row_version BIGINT NOT NULL DEFAULT 1 CHECK (row_version > 0);

ALTER TABLE key_usage ADD COLUMN seal BYTEA CHECK (octet_length(seal) = 33);

ALTER TABLE key_usage ADD COLUMN seal_key_id BYTEA CHECK (octet_length(seal_key_id) = 16);

-- The tenant's own words about a version: a JSON object of strings, sealed with the row where there is one.
ALTER TABLE key_versions ADD COLUMN labels TEXT;
