-- Whoever records a configuration takes his instant here, and holds it until his transaction is over: what is committed
-- later was recorded later, and rules that have seen one instant have seen all that was recorded by then.

CREATE TABLE recorded_clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at  timestamptz NOT NULL
);
COMMENT ON TABLE recorded_clock IS 'The instant of the latest recording of a configuration, of whichever enterprise; one row.';
