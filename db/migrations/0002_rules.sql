-- Rules, verdicts, alerts and what they stand on.
--
-- Event instants (started_at, fired_at, resolved_at, at) come from the data; detected_at and recorded_at are clocks.

-- Rules -----------------------------------------------------------------------------------------------------------
CREATE TABLE rule_file (
    e          integer NOT NULL,
    file       text NOT NULL,
    sha256     text NOT NULL,
    loaded_at  timestamptz NOT NULL,
    rules      text[] NOT NULL,
    mistakes   jsonb NOT NULL,
    PRIMARY KEY (e, file)
);
COMMENT ON TABLE rule_file IS 'Rule books as last read; one with mistakes ([{place, reason, line}]) is refused. Enterprise 0 is all of them.';

CREATE TABLE rule_version (
    e            integer NOT NULL REFERENCES enterprise,
    rule         text NOT NULL,
    version      integer NOT NULL,
    sha256       text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    retired_at   timestamptz,
    file         text NOT NULL,
    kind         text NOT NULL,
    purpose      text NOT NULL CHECK (purpose IN ('operational', 'statutory')),
    severity     text NOT NULL CHECK (severity IN ('notice', 'warning', 'critical')),
    cadence      text NOT NULL,
    unit         text NOT NULL,
    title_zh     text NOT NULL,
    title_en     text NOT NULL,
    source       text NOT NULL,
    definition   jsonb NOT NULL,
    PRIMARY KEY (e, rule, version)
);
COMMENT ON TABLE rule_version IS 'Every wording a rule ever had for an enterprise; the one without retired_at holds.';
CREATE UNIQUE INDEX rule_version_current ON rule_version (e, rule) WHERE retired_at IS NULL;

-- Evaluation ------------------------------------------------------------------------------------------------------
CREATE TABLE rule_cursor (
    e                integer PRIMARY KEY REFERENCES enterprise,
    evaluated_until  timestamptz,
    evaluated_at     timestamptz
);
COMMENT ON TABLE rule_cursor IS 'Locked by the transaction that writes an enterprise''s transitions: two evaluators never fire twice.';
COMMENT ON COLUMN rule_cursor.evaluated_until IS 'Every subject has been judged up to here.';

CREATE TABLE rule_subject (
    e                integer NOT NULL REFERENCES enterprise,
    rule             text NOT NULL,
    subject          text NOT NULL,
    version          integer NOT NULL,
    evaluated_until  timestamptz NOT NULL,
    configured_at    timestamptz NOT NULL,
    redo_from        timestamptz,
    memory           jsonb NOT NULL,
    phase            text NOT NULL CHECK (phase IN ('inactive', 'pending', 'firing')),
    phase_since      timestamptz,
    truth            smallint,
    reason           text,
    value            double precision,
    limit_value      double precision,
    error            text,
    ended_at         timestamptz,
    PRIMARY KEY (e, rule, subject)
);
COMMENT ON TABLE rule_subject IS 'Where each subject of a rule stands: judged until when, what is remembered, the latest answer.';
COMMENT ON COLUMN rule_subject.configured_at IS 'Latest recorded configuration that was taken into account.';
COMMENT ON COLUMN rule_subject.redo_from IS 'Judging failed from here on (see error); it is tried again.';
COMMENT ON COLUMN rule_subject.truth IS '0 clear, 1 met, 2 unknown';

CREATE TABLE verdict (
    e        integer NOT NULL,
    rule     text NOT NULL,
    subject  text NOT NULL,
    from_ts  timestamptz NOT NULL,
    to_ts    timestamptz NOT NULL,
    truth    smallint NOT NULL,
    in_band  boolean NOT NULL,
    reason   text NOT NULL,
    PRIMARY KEY (e, rule, subject, from_ts)
);
COMMENT ON TABLE verdict IS 'Answers over [from_ts, to_ts), equal neighbours joined; a hole is unknown.';

-- Alerts ----------------------------------------------------------------------------------------------------------
CREATE TABLE alert (
    e                integer NOT NULL REFERENCES enterprise,
    id               bigint GENERATED ALWAYS AS IDENTITY,
    rule             text NOT NULL,
    rule_version     integer NOT NULL,
    subject          text NOT NULL,
    kind             text NOT NULL,
    purpose          text NOT NULL,
    severity         text NOT NULL,
    state            text NOT NULL CHECK (state IN ('firing', 'resolved')),
    closed           text CHECK (closed IN ('cleared', 'merged', 'retracted', 'ended')),
    started_at       timestamptz NOT NULL,
    fired_at         timestamptz NOT NULL,
    resolved_at      timestamptz,
    detected_at      timestamptz NOT NULL,
    withheld_since   timestamptz,
    value            double precision,
    limit_value      double precision,
    unit             text NOT NULL,
    certainty        text CHECK (certainty IN ('possible', 'confirmed')),
    late             boolean NOT NULL DEFAULT false,
    retracted        boolean NOT NULL DEFAULT false,
    merged_into      bigint,
    split_from       bigint,
    acknowledged_at  timestamptz,
    acknowledged_by  text,
    assigned_to      text,
    shelved_until    timestamptz,
    shelved_why      text,
    suppressed_by    text,
    PRIMARY KEY (e, id),
    CHECK ((state = 'firing') = (closed IS NULL)),
    CHECK (state = 'resolved' OR resolved_at IS NULL)
);
COMMENT ON TABLE alert IS 'One episode of one rule on one subject. State and flags are independent of each other.';
COMMENT ON COLUMN alert.value IS 'What was judged when it fired, in unit; limit_value is what it was judged against.';
CREATE UNIQUE INDEX alert_open ON alert (e, rule, subject) WHERE state <> 'resolved';
CREATE INDEX alert_started ON alert (e, rule, subject, started_at);
CREATE INDEX alert_newest ON alert (e, fired_at DESC, id DESC);
CREATE INDEX alert_id ON alert (id);

CREATE TABLE transition (
    e            integer NOT NULL,
    alert        bigint NOT NULL,
    n            integer NOT NULL,
    kind         text NOT NULL,
    at           timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    actor        text,
    detail       jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (e, alert, n),
    FOREIGN KEY (e, alert) REFERENCES alert
);
COMMENT ON TABLE transition IS 'All that happened to an alert, appended only. actor: a person; NULL: the rules.';

CREATE TABLE evidence (
    e            integer NOT NULL,
    alert        bigint NOT NULL,
    version      integer NOT NULL,
    sha256       text NOT NULL,
    body         text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (e, alert, version),
    FOREIGN KEY (e, alert) REFERENCES alert
);
COMMENT ON TABLE evidence IS 'What an alert stood on when it fired, as canonical JSON; revised data adds a version.';
COMMENT ON COLUMN evidence.sha256 IS 'Of body in UTF-8: canonical decimals and codes, no ids, clocks or revision numbers.';

CREATE TABLE outbox (
    e                integer NOT NULL,
    id               bigint GENERATED ALWAYS AS IDENTITY,
    alert            bigint NOT NULL,
    transition       integer NOT NULL,
    channel          text NOT NULL,
    payload          jsonb NOT NULL,
    created_at       timestamptz NOT NULL,
    next_attempt_at  timestamptz NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    last_error       text,
    sent_at          timestamptz,
    PRIMARY KEY (e, id),
    UNIQUE (e, alert, transition, channel),
    FOREIGN KEY (e, alert, transition) REFERENCES transition
);
COMMENT ON TABLE outbox IS 'Messages written in their transition''s transaction and sent at least once.';
CREATE INDEX outbox_waiting ON outbox (e, alert, channel, id) WHERE sent_at IS NULL;

-- Append-only: nobody who acts as the application may rewrite what happened.
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', tg_table_name USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER transition_append_only BEFORE UPDATE OR DELETE ON transition
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON evidence
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
