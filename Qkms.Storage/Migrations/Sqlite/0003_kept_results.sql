-- What is kept for a repeated request is the result of its change; which HTTP status it is answered with is no business of the database.
-- Rows in the old form hold whole answers, which nothing reads any more. None would have lived longer than a day.

DELETE FROM idempotency;

ALTER TABLE idempotency DROP COLUMN status;
