-- Who worked which shift (四班三倒): a pattern of days that comes round again, and single shifts that were different.

CREATE TABLE roster (
    e           integer NOT NULL REFERENCES enterprise,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    starts      date NOT NULL,
    definition  jsonb NOT NULL,
    actor       text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (e, id)
);
COMMENT ON TABLE roster IS 'Rosters as entered, never changed: of those that start on one day the last entered holds, until the next one starts.';
COMMENT ON COLUMN roster.definition IS 'As `roster` in a plant file: starts, crews, days.';

CREATE TABLE roster_override (
    e           integer NOT NULL REFERENCES enterprise,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    day         date NOT NULL,
    shift       text NOT NULL,
    crew        text,
    reason      text NOT NULL CHECK (reason <> ''),
    actor       text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (e, id)
);
CREATE INDEX roster_override_of_day ON roster_override (e, day);
COMMENT ON TABLE roster_override IS 'Single shifts that another crew worked; of one shift the last entered holds.';
COMMENT ON COLUMN roster_override.crew IS 'NULL: as the roster has it after all.';
