-- Daily and monthly reports as they were made: every version is kept, none is ever changed.

CREATE TABLE report (
    e          integer NOT NULL REFERENCES enterprise,
    kind       text NOT NULL CHECK (kind IN ('daily', 'monthly')),
    day        date NOT NULL,
    basis      text NOT NULL CHECK (basis IN ('calorific', 'equivalent')),
    version    integer NOT NULL CHECK (version > 0),
    sha256     text NOT NULL,
    body       text NOT NULL,
    made_at    timestamptz NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (e, kind, day, basis, version)
);
COMMENT ON TABLE report IS 'Reports as made; revised data adds a version.';
COMMENT ON COLUMN report.checked_at IS 'When it was last made again and said the same; the only column that changes.';
COMMENT ON COLUMN report.day IS 'The enterprise''s day; of a month the date on which it begins.';
COMMENT ON COLUMN report.sha256 IS 'Of the body without the instants of making and closing: the same data gives the same hash.';
COMMENT ON COLUMN report.body IS 'The report as JSON (GET /reports), text so that no figure is re-spelt.';
