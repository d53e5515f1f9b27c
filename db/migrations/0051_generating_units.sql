-- Units that make electricity of coal: fuel, generation, house load, heat, and the curve of their own tests.

CREATE TABLE generating_unit (
    e     integer NOT NULL REFERENCES enterprise,
    id    integer GENERATED ALWAYS AS IDENTITY,
    code  text NOT NULL,
    PRIMARY KEY (e, id),
    UNIQUE (e, code)
);
COMMENT ON TABLE generating_unit IS 'A coal-fired generating unit: what its supply coal rate (供电煤耗) is made of.';

CREATE TABLE generating_unit_version (
    e            integer NOT NULL,
    id           integer NOT NULL,
    valid_from   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    retired      boolean NOT NULL DEFAULT false,
    definition   jsonb NOT NULL,
    PRIMARY KEY (e, id, valid_from, recorded_at),
    FOREIGN KEY (e, id) REFERENCES generating_unit
);
COMMENT ON TABLE generating_unit_version IS 'Its definition as in the plant file; the latest recorded of those valid at an instant holds.';
