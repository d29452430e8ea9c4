-- Seals name their key, and a key's row says in what state each of its versions is. The rows that there are get both at the start of the
-- service, which needs the root key for it (Qkms.Core/Keyrings/KeyringUpgrade.cs). Without a key a seal is of an earlier build.

ALTER TABLE tenants ADD COLUMN seal_key_id BYTEA CHECK (length(seal_key_id) = 16);

ALTER TABLE credentials ADD COLUMN seal_key_id BYTEA CHECK (length(seal_key_id) = 16);

ALTER TABLE keys ADD COLUMN seal_key_id BYTEA CHECK (length(seal_key_id) = 16);

ALTER TABLE keys ADD COLUMN version_states TEXT NOT NULL DEFAULT '';

ALTER TABLE key_versions ADD COLUMN seal_key_id BYTEA CHECK (length(seal_key_id) = 16);

ALTER TABLE key_versions ADD COLUMN row_version BIGINT NOT NULL DEFAULT 1 CHECK (row_version > 0);
