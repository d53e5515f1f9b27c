-- What inspectors do about alerts. The console changes it; Grafana shows it and leads there.

CREATE VIEW grafana.inspection_case WITH (security_barrier) AS
SELECT v.code AS enterprise, v.name_zh AS enterprise_zh, c.number, c.title, c.state,
       c.state NOT IN ('closed', 'withdrawn') AS is_open, c.opened_at, c.opened_by, c.due_on,
       d.days_left, coalesce(d.days_left < 0, false) AS overdue, l.recorded_at AS moved_at,
       CASE WHEN c.state IN ('closed', 'withdrawn') THEN o.recorded_at END AS over_at, s.alerts, s.changed
FROM grafana_inner.owner AS v
JOIN public.inspection_case AS c USING (e)
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.state = 'ordered' THEN c.due_on - (now() AT TIME ZONE v.timezone)::date END AS days_left
) AS d
JOIN public.case_event AS l ON l.e = c.e AND l.case_id = c.id AND l.n = c.events
LEFT JOIN public.case_event AS o ON o.e = c.e AND o.case_id = c.id AND o.kind = c.state AND c.state IN ('closed', 'withdrawn')
CROSS JOIN LATERAL (
    SELECT count(*)::int AS alerts,
           count(*) FILTER (
               WHERE a.retracted OR a.merged_into IS NOT NULL
                  OR EXISTS (SELECT FROM public.evidence AS x
                             WHERE x.e = k.e AND x.alert = k.alert AND x.version > coalesce(k.version, 0)))::int AS changed
    FROM public.case_alert AS k JOIN public.alert AS a ON a.e = k.e AND a.id = k.alert
    WHERE k.e = c.e AND k.case_id = c.id
) AS s;
COMMENT ON VIEW grafana.inspection_case IS 'Inspection cases (节能监察案件): opened, notified, ordered, verified, closed, or withdrawn.';
COMMENT ON COLUMN grafana.inspection_case.due_on IS 'The enterprise''s date until which rectification was last ordered (限期整改), that day included.';
COMMENT ON COLUMN grafana.inspection_case.days_left IS 'Days to it while the order stands, negative when overdue; else NULL.';
COMMENT ON COLUMN grafana.inspection_case.moved_at IS 'When anything was last done to it.';
COMMENT ON COLUMN grafana.inspection_case.over_at IS 'When it was closed or withdrawn.';
COMMENT ON COLUMN grafana.inspection_case.changed IS 'How many of its alerts have other evidence now, or were retracted or merged since they were added.';

CREATE VIEW grafana.inspection_alert WITH (security_barrier) AS
SELECT v.code AS enterprise, c.number, k.alert, k.version, k.sha256, k.value, k.limit_value, a.unit, c.state,
       c.state NOT IN ('closed', 'withdrawn') AS is_open
FROM grafana_inner.owner AS v
JOIN public.case_alert AS k USING (e)
JOIN public.inspection_case AS c ON c.e = k.e AND c.id = k.case_id
JOIN public.alert AS a ON a.e = k.e AND a.id = k.alert;
COMMENT ON VIEW grafana.inspection_alert IS 'What cases stand on: each alert with the evidence, value and limit that stood when it was added. Never changes.';
COMMENT ON COLUMN grafana.inspection_alert.version IS 'Of the evidence; NULL: none was frozen for this alert.';

CREATE VIEW grafana.inspection_event WITH (security_barrier) AS
SELECT v.code AS enterprise, c.number, c.title, l.n, l.kind, l.recorded_at, l.actor, l.comment
FROM grafana_inner.owner AS v
JOIN public.case_event AS l USING (e)
JOIN public.inspection_case AS c ON c.e = l.e AND c.id = l.case_id;
COMMENT ON VIEW grafana.inspection_event IS 'All that was done to cases, by whom and when.';
