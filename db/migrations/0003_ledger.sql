-- What the deriver keeps beside the foundation.

ALTER TABLE dirty ADD COLUMN written_at timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON COLUMN dirty.written_at IS 'Late spans wait a moment, so that a burst makes one revision; also the ledger''s lag.';

ALTER TABLE point_state
    ADD COLUMN closes_at   timestamptz,
    ADD COLUMN known_at    timestamptz,
    ADD COLUMN config_rev  integer NOT NULL DEFAULT 0,
    ADD COLUMN longest_s   double precision NOT NULL DEFAULT 0;
COMMENT ON COLUMN point_state.first_ts IS 'From when on the point was read: its first good reading, or the start of its first interval reading.';
COMMENT ON COLUMN point_state.closes_at IS 'When the clock closes the next interval, if no reading does before.';
COMMENT ON COLUMN point_state.known_at IS 'The latest known_at of the point''s intervals; the next one is greater.';
COMMENT ON COLUMN point_state.config_rev IS 'Counts configurations derived under, so that a deriver knows its copy of one to be stale.';
COMMENT ON COLUMN point_state.longest_s IS 'Longest span of an interval reading that stated its start.';

-- What the clock has to close next: looked up every second.
CREATE INDEX point_state_closes_at ON point_state (closes_at) WHERE closes_at IS NOT NULL;

-- Both are rewritten all the time; leave room for updates in place, and do not wait for a fifth of the table.
ALTER TABLE point_state SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE dirty SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
                       autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
