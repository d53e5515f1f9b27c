-- Energy baselines as they were fitted. Never changed: another fit is another version.

CREATE TABLE enpi_baseline (
    e            integer NOT NULL REFERENCES enterprise,
    rule         text NOT NULL,
    subject      text NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    spec         text NOT NULL,
    valid_from   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    body         text NOT NULL,
    sha256       text NOT NULL,
    actor        text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    PRIMARY KEY (e, rule, subject, version)
);
COMMENT ON TABLE enpi_baseline IS 'Energy baselines (EnB) of rules: period, coefficients, covariance, what was observed. A step is judged by the newest version valid at its beginning.';
COMMENT ON COLUMN enpi_baseline.spec IS 'SHA-256 of what the rule says of the fit; another wording of it is fitted anew.';
COMMENT ON COLUMN enpi_baseline.body IS 'Canonical JSON; sha256 is of it.';
COMMENT ON COLUMN enpi_baseline.actor IS 'Who asked for another fit, and reason why; empty: fitted when the rule was first judged.';
