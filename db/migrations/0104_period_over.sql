-- A breach of a statistical period ends with the period: what the next one comes to is another alert.

ALTER TABLE alert DROP CONSTRAINT alert_closed_check;
ALTER TABLE alert ADD CONSTRAINT alert_closed_check
    CHECK (closed IN ('cleared', 'merged', 'retracted', 'ended', 'period_over'));
COMMENT ON COLUMN alert.closed IS 'Why it is resolved; period_over: its statistical period ended and it was still over.';
COMMENT ON COLUMN alert.value IS 'What its latest evidence says, in unit; limit_value is what it was judged against.';
COMMENT ON TABLE evidence IS 'What an alert stood on, as canonical JSON: when it fired, then at every close of its statistical period; revised data adds a version.';

-- Alerts that ran through the end of a year, or were told to have cleared with it: their years are judged again.
UPDATE rule_subject AS s
SET redo_from = least(s.redo_from, a.since)
FROM (
    SELECT e, rule, subject, min(started_at) AS since FROM alert
    WHERE (kind = 'budget' OR (kind = 'enpi_limit' AND purpose = 'statutory'))
      AND (closed IS NULL OR closed IN ('cleared', 'ended'))
    GROUP BY e, rule, subject
) AS a
WHERE s.e = a.e AND s.rule = a.rule AND s.subject = a.subject AND s.ended_at IS NULL AND a.since < s.evaluated_until;
