-- The schema every room stands on. Applied once, never edited.
--
-- Keys are led by enterprise (e) so that whole enterprises can move to another server; a point number p is
-- unique in the installation. Instants are timestamptz; amounts are double precision and are only ever summed in
-- a stated order, so that the same data gives the same bits.

-- Roles -----------------------------------------------------------------------------------------------------------
-- Group roles without login. The application acts as enms_app, never as a superuser: a superuser would pass
-- through row security and every view's filter.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['enms_owner', 'enms_app', 'enms_reader'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server was migrated at the same moment
            END;
        END IF;
    END LOOP;
END
$$;

-- Plants ----------------------------------------------------------------------------------------------------------
CREATE TABLE enterprise (
    e                 integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code              text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9_-]*$'),
    name_zh           text NOT NULL,
    name_en           text NOT NULL,
    industry          text NOT NULL CHECK (industry IN ('steel', 'rare_earth', 'power', 'other')),
    timezone          text NOT NULL,
    day_starts        time NOT NULL,
    month_starts_day  smallint NOT NULL CHECK (month_starts_day BETWEEN 1 AND 28),
    registered_at     timestamptz NOT NULL
);
COMMENT ON TABLE enterprise IS 'A key energy user (重点用能单位); its cuts of day and month are its own.';

CREATE TABLE shift (
    e         integer NOT NULL REFERENCES enterprise,
    code      text NOT NULL,
    starts    interval NOT NULL,
    ends      interval NOT NULL,
    PRIMARY KEY (e, code)
);
COMMENT ON TABLE shift IS 'Working shifts in local wall time; ends may be 24:00, and passes midnight when it is before starts.';

CREATE TABLE process (
    e             integer NOT NULL REFERENCES enterprise,
    id            integer GENERATED ALWAYS AS IDENTITY,
    code          text NOT NULL,
    name_zh       text NOT NULL,
    name_en       text NOT NULL,
    kind          text NOT NULL,
    parent        text,
    commissioned  date,
    position      integer NOT NULL,
    PRIMARY KEY (e, id),
    UNIQUE (e, code)
);

-- Metering points -------------------------------------------------------------------------------------------------
CREATE TABLE point (
    e              integer NOT NULL REFERENCES enterprise,
    p              integer GENERATED ALWAYS AS IDENTITY,
    code           text NOT NULL,
    registered_at  timestamptz NOT NULL,
    PRIMARY KEY (e, p),
    UNIQUE (e, code)
);

CREATE TABLE point_config (
    e                integer NOT NULL,
    p                integer NOT NULL,
    valid_from       timestamptz NOT NULL,
    recorded_at      timestamptz NOT NULL,
    retired          boolean NOT NULL DEFAULT false,
    process          text,
    carrier          text,
    role             text NOT NULL,
    reading          text NOT NULL CHECK (reading IN ('register', 'interval', 'gauge', 'virtual')),
    unit             text NOT NULL,
    amount_unit      text NOT NULL,
    to_amount        double precision NOT NULL,
    aggregate        text NOT NULL CHECK (aggregate IN ('sum', 'mean')),
    rated_per_hour   double precision,
    period_s         double precision NOT NULL CHECK (period_s > 0),
    reporting        text NOT NULL CHECK (reporting IN ('periodic', 'on_change')),
    max_gap_s        double precision NOT NULL CHECK (max_gap_s > 0),
    max_silence_s    double precision,
    min_value        double precision,
    max_value        double precision,
    frozen_after_s   double precision,
    parent           text,
    ncv              text,
    in_service_from  timestamptz,
    virtual          jsonb,
    position         integer NOT NULL,
    PRIMARY KEY (e, p, valid_from, recorded_at),
    FOREIGN KEY (e, p) REFERENCES point
);
COMMENT ON TABLE point_config IS
    'What a point is, valid from an instant, as recorded at another. A version holds until the next valid_from; of two with the same valid_from the later recorded one holds.';
COMMENT ON COLUMN point_config.amount_unit IS 'Unit of an interval''s amount: kWh for a kW gauge, the unit itself for a state.';
COMMENT ON COLUMN point_config.to_amount IS 'Amount per (reading unit) or, for a rate, per (reading unit x hour).';
COMMENT ON COLUMN point_config.max_gap_s IS 'Resolved: neighbours farther apart than this are an estimate, a gauge holds no longer than this.';

CREATE TABLE installation (
    e               integer NOT NULL,
    p               integer NOT NULL,
    installed_at    timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('install', 'change', 'exchange', 'reset')),
    final_value     double precision,
    initial_value   double precision,
    multiplier      double precision NOT NULL CHECK (multiplier <> 0),
    register_max    double precision CHECK (register_max > 0),
    resolution      double precision CHECK (resolution > 0),
    accuracy_class  double precision,
    calibrated      date,
    PRIMARY KEY (e, p, installed_at, recorded_at),
    FOREIGN KEY (e, p) REFERENCES point,
    CHECK (kind NOT IN ('exchange', 'reset') OR initial_value IS NOT NULL),
    CHECK (kind <> 'exchange' OR final_value IS NOT NULL)
);
COMMENT ON TABLE installation IS
    'The meter on a point from an instant on. install: the first; change: the same meter, other nameplate data; exchange and reset break the register''s course.';

-- EnPIs and motors ------------------------------------------------------------------------------------------------
CREATE TABLE enpi (
    e     integer NOT NULL REFERENCES enterprise,
    id    integer GENERATED ALWAYS AS IDENTITY,
    code  text NOT NULL,
    PRIMARY KEY (e, id),
    UNIQUE (e, code)
);

CREATE TABLE enpi_version (
    e            integer NOT NULL,
    id           integer NOT NULL,
    valid_from   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    retired      boolean NOT NULL DEFAULT false,
    definition   jsonb NOT NULL,
    PRIMARY KEY (e, id, valid_from, recorded_at),
    FOREIGN KEY (e, id) REFERENCES enpi
);
COMMENT ON TABLE enpi_version IS 'An EnPI''s boundary (ISO 50006) as in the plant file, valid from an instant, as recorded at another.';

CREATE TABLE motor (
    e     integer NOT NULL REFERENCES enterprise,
    id    integer GENERATED ALWAYS AS IDENTITY,
    code  text NOT NULL,
    PRIMARY KEY (e, id),
    UNIQUE (e, code)
);

CREATE TABLE motor_version (
    e            integer NOT NULL,
    id           integer NOT NULL,
    valid_from   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    retired      boolean NOT NULL DEFAULT false,
    definition   jsonb NOT NULL,
    PRIMARY KEY (e, id, valid_from, recorded_at),
    FOREIGN KEY (e, id) REFERENCES motor
);

-- Readings --------------------------------------------------------------------------------------------------------
-- No foreign key: ingest resolves points itself, and a key check a row costs more than the row.
CREATE TABLE reading (
    e            integer NOT NULL,
    p            integer NOT NULL,
    ts           timestamptz NOT NULL,
    start        timestamptz,
    value        double precision NOT NULL,
    quality      smallint NOT NULL,
    origin       smallint NOT NULL,
    received_at  timestamptz NOT NULL,
    PRIMARY KEY (e, p, ts)
);
COMMENT ON TABLE reading IS 'Accepted readings; of several for one instant the one that holds.';
COMMENT ON COLUMN reading.start IS 'Start of an interval reading where it was sent; NULL: one period before ts.';
COMMENT ON COLUMN reading.quality IS '0 good, 1 suspect, 2 bad (kept, never enters a derivation)';
COMMENT ON COLUMN reading.origin IS '0 meter, 1 backfill, 2 hand';

CREATE TABLE reading_revision (
    e              integer NOT NULL,
    p              integer NOT NULL,
    ts             timestamptz NOT NULL,
    received_at    timestamptz NOT NULL,
    value          double precision NOT NULL,
    start          timestamptz,
    quality        smallint NOT NULL,
    origin         smallint NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (e, p, ts, received_at, value)
);
COMMENT ON TABLE reading_revision IS 'Readings that lost against another for the same instant; kept, never counted.';

CREATE TABLE quarantine (
    e               integer NOT NULL,
    payload_sha256  bytea NOT NULL,
    reason          text NOT NULL,
    detail          text NOT NULL,
    topic           text NOT NULL,
    payload         bytea NOT NULL,
    payload_bytes   integer NOT NULL,
    first_seen      timestamptz NOT NULL,
    last_seen       timestamptz NOT NULL,
    count           bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (e, payload_sha256, reason)
);
COMMENT ON TABLE quarantine IS 'What was refused, why and where; keyed by content, so that redelivery does not multiply it. Enterprise 0 is unknown.';
CREATE INDEX quarantine_last_seen ON quarantine (e, last_seen DESC);

-- The interval ledger ---------------------------------------------------------------------------------------------
CREATE TABLE dirty (
    e        integer NOT NULL,
    p        integer NOT NULL,
    id       bigint GENERATED ALWAYS AS IDENTITY,
    from_ts  timestamptz NOT NULL,
    to_ts    timestamptz NOT NULL,
    PRIMARY KEY (e, p, id)
);
COMMENT ON TABLE dirty IS 'Spans whose readings changed, written in the readings'' own transaction; the deriver deletes what it has derived.';

CREATE TABLE point_state (
    e              integer NOT NULL,
    p              integer NOT NULL,
    first_ts       timestamptz,
    newest_ts      timestamptz,
    closed_until   timestamptz,
    sealed_before  timestamptz,
    PRIMARY KEY (e, p)
);
COMMENT ON COLUMN point_state.newest_ts IS 'Watermark: greatest accepted timestamp the ledger has seen.';
COMMENT ON COLUMN point_state.closed_until IS 'Every interval that ends at or before this is closed; never falls.';

CREATE TABLE interval (
    e              integer NOT NULL,
    p              integer NOT NULL,
    start          timestamptz NOT NULL,
    amount         double precision,
    covered_s      double precision NOT NULL,
    estimated_s    double precision NOT NULL,
    apportioned_s  double precision NOT NULL,
    basis          smallint NOT NULL,
    suspect        boolean NOT NULL,
    rev            integer NOT NULL,
    known_at       timestamptz NOT NULL,
    PRIMARY KEY (e, p, start)
);
COMMENT ON TABLE interval IS
    'The ledger: closed quarter hours [start, start + 900 s). No row between service start and closed_until means missing.';
COMMENT ON COLUMN interval.amount IS 'In the point''s amount_unit over the covered seconds; the covered-time mean for a state; NULL only where a known amount became unknown.';
COMMENT ON COLUMN interval.basis IS '0 measured, 1 apportioned, 2 estimated, 3 missing';

CREATE TABLE interval_revision (
    e              integer NOT NULL,
    p              integer NOT NULL,
    start          timestamptz NOT NULL,
    rev            integer NOT NULL,
    amount         double precision,
    covered_s      double precision NOT NULL,
    estimated_s    double precision NOT NULL,
    apportioned_s  double precision NOT NULL,
    basis          smallint NOT NULL,
    suspect        boolean NOT NULL,
    known_at       timestamptz NOT NULL,
    PRIMARY KEY (e, p, start, rev)
);
COMMENT ON TABLE interval_revision IS 'Every value the ledger published before the present one.';

CREATE TABLE day_total (
    e              integer NOT NULL,
    p              integer NOT NULL,
    local_date     date NOT NULL,
    amount         double precision,
    covered_s      double precision NOT NULL,
    estimated_s    double precision NOT NULL,
    apportioned_s  double precision NOT NULL,
    PRIMARY KEY (e, p, local_date)
);
COMMENT ON TABLE day_total IS 'A point''s closed intervals over its enterprise''s own day; serves months and years.';

CREATE TABLE finding (
    e         integer NOT NULL,
    p         integer NOT NULL,
    kind      text NOT NULL,
    from_ts   timestamptz NOT NULL,
    to_ts     timestamptz,
    detail    jsonb NOT NULL DEFAULT '{}',
    found_at  timestamptz NOT NULL,
    PRIMARY KEY (e, p, kind, from_ts)
);
COMMENT ON TABLE finding IS 'What derivation noticed about a point''s readings (drop, jump, spike, gap, overlap, frozen, out of range).';

CREATE TABLE ledger_change (
    e           integer NOT NULL,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    p           integer NOT NULL,
    from_start  timestamptz NOT NULL,
    to_start    timestamptz NOT NULL,
    known_at    timestamptz NOT NULL,
    PRIMARY KEY (e, id)
);
COMMENT ON TABLE ledger_change IS 'Spans published or revised, for the rules; they delete what they have judged.';
