-- Production entered by hand: who entered what, when, why, and what it replaced. Never changed.

CREATE TABLE hand_entry (
    e             integer NOT NULL REFERENCES enterprise,
    id            bigint GENERATED ALWAYS AS IDENTITY,
    p             integer NOT NULL,
    start         timestamptz NOT NULL,
    ts            timestamptz NOT NULL CHECK (ts > start),
    value         double precision NOT NULL CHECK (value >= 0),
    before_value  double precision,
    before_origin smallint,
    corrects      bigint,
    reason        text NOT NULL CHECK (reason <> ''),
    actor         text NOT NULL CHECK (actor <> ''),
    entered_at    timestamptz NOT NULL,
    PRIMARY KEY (e, id)
);
CREATE INDEX hand_entry_of_point ON hand_entry (e, p, ts);
COMMENT ON TABLE hand_entry IS 'Production entered by hand; each is also a reading of origin 2, the last one of an instant holds.';
COMMENT ON COLUMN hand_entry.value IS 'In the point''s unit, over [start, ts).';
COMMENT ON COLUMN hand_entry.before_value IS 'What held for that instant before; NULL: nothing.';
COMMENT ON COLUMN hand_entry.corrects IS 'The entry this one replaces.';
