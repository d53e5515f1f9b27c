-- Inputs of a limit's corrections that nobody meters (ore share, oven age, cooling), entered by hand over days. Never changed.

CREATE TABLE correction_input (
    e            integer NOT NULL REFERENCES enterprise,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    enpi         text NOT NULL,
    input        text NOT NULL,
    value        double precision NOT NULL,
    since        date NOT NULL,
    until        date CHECK (until >= since),
    evidence     text NOT NULL CHECK (evidence <> ''),
    actor        text NOT NULL CHECK (actor <> ''),
    recorded_at  timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    PRIMARY KEY (e, id)
);
CREATE INDEX correction_input_of_enpi ON correction_input (e, enpi, input);
COMMENT ON TABLE correction_input IS 'Of one day the last entered that is not withdrawn holds; it comes before what the plant file declares.';
COMMENT ON COLUMN correction_input.value IS 'In the correction''s unit.';
COMMENT ON COLUMN correction_input.until IS 'Local day, included; NULL: until another is entered.';
