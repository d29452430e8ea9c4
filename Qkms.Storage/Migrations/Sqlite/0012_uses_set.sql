-- Whether a node records every use: the newest of these events says what held before.
CREATE INDEX audit_events_uses_set ON audit_events (tenant_id, actor_id, position)
  WHERE stream = 1 AND action = 'journal.uses_set' AND position IS NOT NULL;
