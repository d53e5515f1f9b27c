-- What holds an alert's messages back, and what makes them louder.

ALTER TABLE alert ADD COLUMN escalated_at timestamptz;
COMMENT ON COLUMN alert.escalated_at IS 'When it was last escalated, by the clock: nobody took it, or its verdict was withheld for too long.';
COMMENT ON COLUMN alert.suppressed_by IS 'outage/{id} or alert/{id} while its messages are held back; its state goes on.';
CREATE INDEX alert_shelved ON alert (shelved_until) WHERE shelved_until IS NOT NULL;
CREATE INDEX alert_firing ON alert (e, id) WHERE state = 'firing';

CREATE TABLE outage (
    e             integer NOT NULL REFERENCES enterprise,
    id            bigint GENERATED ALWAYS AS IDENTITY,
    subject       text,
    from_ts       timestamptz NOT NULL,
    to_ts         timestamptz NOT NULL,
    why           text NOT NULL,
    planned_by    text NOT NULL,
    recorded_at   timestamptz NOT NULL,
    cancelled_at  timestamptz,
    cancelled_by  text,
    PRIMARY KEY (e, id),
    CHECK (from_ts < to_ts)
);
COMMENT ON TABLE outage IS 'Planned outages over [from_ts, to_ts): operational alerts of the subject are suppressed. A row is cancelled, never changed.';
COMMENT ON COLUMN outage.subject IS 'A point, motor, EnPI or process (with all below it); NULL: the whole enterprise.';
CREATE INDEX outage_id ON outage (id);
