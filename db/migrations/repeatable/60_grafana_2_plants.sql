-- Names: enterprises, processes, points, and the pages of the console about them.

CREATE VIEW grafana.enterprise WITH (security_barrier) AS
SELECT v.code AS enterprise, v.name_zh, v.name_en, v.industry, v.timezone, d.today,
       (d.today + v.day_starts) AT TIME ZONE v.timezone AS day_start,
       (d.month_start + v.day_starts) AT TIME ZONE v.timezone AS month_start,
       d.month_start AS month_start_date
FROM grafana_inner.visible AS v
CROSS JOIN LATERAL (
    SELECT t.today,
           (date_trunc('month', t.today - (v.month_starts_day - 1)) + make_interval(days => v.month_starts_day - 1))::date
               AS month_start
    FROM (SELECT (now() AT TIME ZONE v.timezone - v.day_starts)::date AS today) AS t
) AS d;
COMMENT ON VIEW grafana.enterprise IS 'Key energy users (重点用能单位) with their own present day and statistical month.';
COMMENT ON COLUMN grafana.enterprise.today IS 'Local date of the enterprise''s own day, which may begin at another hour than midnight.';

CREATE VIEW grafana.process WITH (security_barrier) AS
SELECT v.code AS enterprise, pr.code AS process, pr.name_zh, pr.name_en, pr.kind, pr.parent, pr.commissioned, pr.position
FROM grafana_inner.visible AS v
JOIN public.process AS pr USING (e);
COMMENT ON VIEW grafana.process IS 'Processes (工序) in the order of the plant file.';

CREATE VIEW grafana.point WITH (security_barrier) AS
SELECT v.code AS enterprise, c.code AS point, coalesce(c.name_zh, c.code) AS name_zh, coalesce(c.name_en, c.code) AS name_en,
       c.process, c.carrier, coalesce(k.name_zh, c.carrier) AS carrier_zh, coalesce(k.name_en, c.carrier) AS carrier_en,
       c.role, c.reading, c.unit, c.amount_unit, c.aggregate, c.period_s, c.silent_after_s, c.parent,
       m.accuracy_class, m.calibrated, c.position
FROM grafana_inner.visible AS v
JOIN grafana_inner.point_now AS c USING (e)
LEFT JOIN grafana_inner.meter_now AS m USING (e, p)
LEFT JOIN grafana_inner.carrier AS k ON k.code = c.carrier;
COMMENT ON VIEW grafana.point IS 'Metering points as configured now, virtual ones too.';
COMMENT ON COLUMN grafana.point.amount_unit IS 'Unit of amounts in grafana.ledger; unit is that of readings.';
COMMENT ON COLUMN grafana.point.silent_after_s IS 'A newest value older than this, in seconds, is stale.';
