-- What the rules found. Breaches are decided there; Grafana shows them.

CREATE VIEW grafana.alert WITH (security_barrier) AS
SELECT v.code AS enterprise, a.id, a.rule, r.title_zh, r.title_en, a.subject, a.kind, a.purpose, a.severity, a.state, a.closed,
       a.started_at, a.fired_at, a.resolved_at, a.detected_at, a.withheld_since, a.value, a.limit_value, a.unit, a.certainty,
       a.late, a.retracted, a.acknowledged_at, a.acknowledged_by, a.assigned_to, a.shelved_until, r.source,
       r.definition -> 'runbook' ->> 'zh' AS runbook_zh, r.definition -> 'runbook' ->> 'en' AS runbook_en,
       v.name_zh AS enterprise_zh
FROM grafana_inner.owner AS v
JOIN public.alert AS a USING (e)
JOIN public.rule_version AS r ON r.e = a.e AND r.rule = a.rule AND r.version = a.rule_version;
COMMENT ON VIEW grafana.alert IS 'Episodes: one rule on one subject. started_at, fired_at and resolved_at are event instants, detected_at the clock.';
COMMENT ON COLUMN grafana.alert.withheld_since IS 'Since when the verdict is withheld for want of data, while firing: a dead meter never silences a breach. Of closed = period_over: its period ended, and nobody knows whether it was over.';

CREATE VIEW grafana.alert_step WITH (security_barrier) AS
SELECT v.code AS enterprise, t.alert AS id, t.n, t.kind, t.at, t.recorded_at, t.actor, r.title_zh, r.title_en, a.subject,
       t.detail ? 'withheld_since' AS withheld
FROM grafana_inner.owner AS v
JOIN public.transition AS t USING (e)
JOIN public.alert AS a ON a.e = t.e AND a.id = t.alert
JOIN public.rule_version AS r ON r.e = a.e AND r.rule = a.rule AND r.version = a.rule_version;
COMMENT ON VIEW grafana.alert_step IS 'All that happened to an alert, by rules (actor NULL) and people.';
COMMENT ON COLUMN grafana.alert_step.withheld IS 'Of kind = period_over: the verdict was withheld when the period ended.';

CREATE VIEW grafana.standing WITH (security_barrier) AS
SELECT v.code AS enterprise, s.rule, r.title_zh, r.title_en, r.kind, r.severity, s.subject, s.phase, s.phase_since,
       CASE s.truth WHEN 0 THEN 'clear' WHEN 1 THEN 'met' ELSE 'unknown' END AS answer, s.reason, s.value, s.limit_value, r.unit,
       s.evaluated_until, s.error
FROM grafana_inner.owner AS v
JOIN public.rule_subject AS s USING (e)
JOIN public.rule_version AS r ON r.e = s.e AND r.rule = s.rule AND r.version = s.version
WHERE s.ended_at IS NULL;
COMMENT ON VIEW grafana.standing IS 'Where each subject of a rule stands: latest answer (unknown neither raises nor resolves), value and limit.';

CREATE VIEW grafana.motor WITH (security_barrier) AS
SELECT v.code AS enterprise, m.code AS motor, coalesce(s.definition -> 'name' ->> 'zh', m.code) AS name_zh,
       coalesce(s.definition -> 'name' ->> 'en', m.code) AS name_en, s.definition ->> 'process' AS process,
       s.definition ->> 'model' AS model, (s.definition ->> 'year')::int AS year, s.definition ->> 'type' AS type,
       (s.definition ->> 'rated_kw')::float8 AS rated_kw, (s.definition ->> 'efficiency_pct')::float8 AS efficiency_pct,
       s.definition ->> 'duty' AS duty, (s.definition ->> 'vsd')::boolean AS vsd, s.definition ->> 'drives' AS drives,
       s.definition -> 'points' ->> 'power' AS power_point, m.id
FROM grafana_inner.visible AS v
JOIN public.motor AS m USING (e)
JOIN public.motor_span AS s USING (e, id)
WHERE s.valid_from <= now() AND s.valid_to > now() AND NOT s.retired;
COMMENT ON VIEW grafana.motor IS 'Motors by nameplate.';

CREATE VIEW grafana.motor_now WITH (security_barrier) AS
WITH metered AS MATERIALIZED (
    SELECT v.code AS enterprise, m.code AS motor, pt.p, (s.definition ->> 'efficiency_pct')::float8 / 100 AS efficiency,
           (s.definition ->> 'rated_kw')::float8 AS rated_kw
    FROM grafana_inner.visible AS v
    JOIN public.motor AS m USING (e)
    JOIN public.motor_span AS s USING (e, id)
    JOIN public.point AS pt ON pt.e = m.e AND pt.code = s.definition -> 'points' ->> 'power'
    WHERE s.valid_from <= now() AND s.valid_to > now() AND NOT s.retired
),
flow AS MATERIALIZED (
    SELECT l.p, l.ts, l.flow, l.amount_unit FROM grafana_inner.live AS l WHERE l.p = ANY (ARRAY(SELECT metered.p FROM metered))
)
SELECT m.enterprise, m.motor, l.flow * u.factor / 3600 AS power_kw, extract(epoch FROM now() - l.ts)::float8 AS age_s,
       l.flow * u.factor / 3600 * m.efficiency / m.rated_kw AS input_ratio
FROM metered AS m
JOIN flow AS l USING (p)
LEFT JOIN grafana_inner.unit AS u ON u.symbol = l.amount_unit AND u.dimension = 'energy';
COMMENT ON VIEW grafana.motor_now IS 'Input power of each metered motor now; NULL when its meter is silent.';
COMMENT ON COLUMN grafana.motor_now.input_ratio IS 'Input power over rated input power: the load factor only near rated load (grafana.standing has the rules'' own).';

CREATE VIEW grafana.subject WITH (security_barrier) AS
SELECT v.code AS enterprise, s.code AS subject, s.name_zh, s.name_en
FROM grafana_inner.visible AS v
JOIN (
    SELECT e, code, coalesce(name_zh, code) AS name_zh, coalesce(name_en, code) AS name_en FROM grafana_inner.point_now
    UNION ALL
    SELECT e, code, coalesce(name_zh, code), coalesce(name_en, code) FROM grafana_inner.enpi_now
    UNION ALL
    SELECT m.e, m.code, coalesce(s.definition -> 'name' ->> 'zh', m.code), coalesce(s.definition -> 'name' ->> 'en', m.code)
    FROM public.motor AS m
    JOIN public.motor_span AS s USING (e, id)
    WHERE s.valid_from <= now() AND s.valid_to > now() AND NOT s.retired
) AS s USING (e);
COMMENT ON VIEW grafana.subject IS 'What alerts are about, by name: points, EnPIs and motors. A code that is none of these has no row.';
