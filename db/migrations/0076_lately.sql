-- What was open in a span, among all there ever was: a year of alerts and findings costs no more than a month. Applied
-- once, never edited.
-- By the end alone: what is open or ended lately is little, whoever's it is.
CREATE INDEX alert_ended ON alert (resolved_at);
CREATE INDEX finding_ended ON finding (to_ts);

-- A stock's last level of a closed day: what was laid in is the difference of two. Found quarter hour by quarter hour it
-- costs a look into every chunk of the ledger.
CREATE TABLE level_day (
    e           integer NOT NULL,
    p           integer NOT NULL,
    local_date  date NOT NULL,
    start       timestamptz NOT NULL,
    amount      double precision NOT NULL,
    put_at      timestamptz NOT NULL,
    PRIMARY KEY (e, p, local_date)
);
COMMENT ON TABLE level_day IS 'Holds only while put_at is that of the day total of the same day; whoever reads it compares them.';
COMMENT ON COLUMN level_day.start IS 'Of the last quarter hour with a level.';
