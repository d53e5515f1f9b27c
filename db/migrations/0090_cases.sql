-- Inspection cases (节能监察案件): what an inspector made of alerts, on the evidence that stood then.

CREATE TABLE case_count (
    year  integer PRIMARY KEY,
    last  integer NOT NULL CHECK (last > 0)
);
COMMENT ON TABLE case_count IS 'The last number given to a case of a year, by the district''s clock; taken in the case''s own transaction: no number is left out.';

CREATE TABLE inspection_case (
    e          integer NOT NULL REFERENCES enterprise,
    id         bigint GENERATED ALWAYS AS IDENTITY,
    number     text NOT NULL UNIQUE CHECK (number ~ '^\d{4}-\d{4,}$'),
    title      text NOT NULL CHECK (title <> ''),
    opened_by  text NOT NULL CHECK (opened_by <> ''),
    opened_at  timestamptz NOT NULL,
    state      text NOT NULL CHECK (state IN ('opened', 'notified', 'ordered', 'verified', 'closed', 'withdrawn')),
    due_on     date,
    events     integer NOT NULL CHECK (events > 0),
    PRIMARY KEY (e, id),
    CHECK (due_on IS NOT NULL OR state NOT IN ('ordered', 'verified', 'closed'))
);
CREATE INDEX inspection_case_id ON inspection_case (id);
COMMENT ON TABLE inspection_case IS 'Inspection cases; state, due_on and events follow from case_event, the rest never changes.';
COMMENT ON COLUMN inspection_case.number IS 'Year and number, of the whole district.';
COMMENT ON COLUMN inspection_case.due_on IS 'The enterprise''s date until which rectification was last ordered (限期整改), that day included.';
COMMENT ON COLUMN inspection_case.events IS 'How many events its log has: what somebody saw before they acted.';

CREATE TABLE case_event (
    e            integer NOT NULL,
    case_id      bigint NOT NULL,
    n            integer NOT NULL,
    kind         text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    actor        text NOT NULL CHECK (actor <> ''),
    comment      text NOT NULL DEFAULT '',
    detail       jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (e, case_id, n),
    FOREIGN KEY (e, case_id) REFERENCES inspection_case
);
COMMENT ON TABLE case_event IS 'All that was done to a case, by whom and when, appended only.';

CREATE TABLE case_alert (
    e            integer NOT NULL,
    case_id      bigint NOT NULL,
    alert        bigint NOT NULL,
    event        integer NOT NULL,
    version      integer,
    sha256       text,
    value        double precision,
    limit_value  double precision,
    certainty    text,
    transitions  integer NOT NULL,
    PRIMARY KEY (e, case_id, alert),
    FOREIGN KEY (e, case_id, event) REFERENCES case_event,
    FOREIGN KEY (e, alert) REFERENCES alert,
    FOREIGN KEY (e, alert, version) REFERENCES evidence,
    CHECK ((version IS NULL) = (sha256 IS NULL))
);
CREATE INDEX case_alert_alert ON case_alert (e, alert);
COMMENT ON TABLE case_alert IS 'What a case stands on: each alert as it was when it was added. What became of it later is in alert, transition and evidence.';
COMMENT ON COLUMN case_alert.version IS 'The evidence that stood then; NULL: none was frozen for this alert.';
COMMENT ON COLUMN case_alert.transitions IS 'How many transitions the alert had then: later ones came after.';

CREATE TRIGGER case_event_append_only BEFORE UPDATE OR DELETE ON case_event
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER case_alert_append_only BEFORE UPDATE OR DELETE ON case_alert
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER inspection_case_frozen
    BEFORE UPDATE OF e, id, number, title, opened_by, opened_at OR DELETE ON inspection_case
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
