-- How many versions of its own a tenant has of each algorithm, of whatever state: what a list says as its total, counted when a version is
-- added and not anew for each page.
CREATE TABLE version_counts (
  tenant_id BLOB NOT NULL REFERENCES tenants (id),
  algorithm TEXT NOT NULL CHECK (length(algorithm) > 0),
  versions INTEGER NOT NULL CHECK (typeof(versions) = 'integer' AND versions > 0),
  PRIMARY KEY (tenant_id, algorithm)
) WITHOUT ROWID;

INSERT INTO version_counts (tenant_id, algorithm, versions)
SELECT tenant_id, algorithm, COUNT(*) FROM key_versions WHERE owner_kind = '' GROUP BY tenant_id, algorithm;
