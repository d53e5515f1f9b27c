-- Readings entered by hand: who, why, which points; one row a request. The readings themselves have origin 2.

CREATE TABLE hand_batch (
    e          integer NOT NULL REFERENCES enterprise,
    id         bigint GENERATED ALWAYS AS IDENTITY,
    points     text[] NOT NULL,
    readings   integer NOT NULL CHECK (readings > 0),
    corrected  integer NOT NULL,
    first_ts   timestamptz NOT NULL,
    last_ts    timestamptz NOT NULL,
    reason     text NOT NULL CHECK (reason <> ''),
    actor      text NOT NULL CHECK (actor <> ''),
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (e, id)
);
COMMENT ON TABLE hand_batch IS 'Who entered readings by hand, when and why. Never changed.';
COMMENT ON COLUMN hand_batch.corrected IS 'How many took the place of another reading by hand.';
