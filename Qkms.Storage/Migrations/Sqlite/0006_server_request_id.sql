-- Which request caused an entry of the journal, in an id that the service made: request_id may be one that the caller chose, and chose again.

ALTER TABLE audit_events ADD COLUMN server_request_id BLOB
  CHECK (typeof(server_request_id) = 'null' OR (typeof(server_request_id) = 'blob' AND length(server_request_id) = 16));
