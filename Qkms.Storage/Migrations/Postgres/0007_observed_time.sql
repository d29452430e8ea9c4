-- Waiting for a destruction is time in which the service was seen running, by whatever node, and not only a date: a clock that is wrong must
-- not shorten it.

-- When the destruction was ordered. Orders from before have none; of them the shortest waiting time is known.
ALTER TABLE key_versions ADD COLUMN destroy_ordered_at BIGINT CHECK (destroy_ordered_at IS NULL OR destroy_at IS NOT NULL);

-- The hours in which a node ran and its wall clock kept step with its monotonic one, as hours since 1970-01-01T00:00Z.
CREATE TABLE observed_hours (
  hour BIGINT NOT NULL PRIMARY KEY CHECK (hour >= 0)
);

-- There is a row while nothing may be destroyed, because the clock jumped, or nobody ran, for more than a day.
CREATE TABLE destruction_hold (
  only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  held_at BIGINT NOT NULL
);
