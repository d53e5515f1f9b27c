-- The views that Grafana reads. Stable: dashboards outside this repository may rely on every name and column here;
-- columns are added at the end, never renamed. The schema is made anew whenever a migration changed anything, which
-- is how a view may change at all; nothing of anybody else's may be put into it.
--
-- Common to all views: `enterprise` is the enterprise's code; only the enterprises of the session's login are seen
-- (grafana_access.login); NULL is unknown, never 0; instants are timestamptz; standard coal is on the calorific basis
-- (当量值), measured heating values before site factors before GB/T 2589.
DROP SCHEMA IF EXISTS grafana CASCADE;
DROP SCHEMA IF EXISTS grafana_inner CASCADE;
CREATE SCHEMA grafana;
COMMENT ON SCHEMA grafana IS 'Read-only views for Grafana: one row filter for all, by the session''s login.';
CREATE SCHEMA grafana_inner;
COMMENT ON SCHEMA grafana_inner IS 'What the views of schema grafana are made of; unfiltered, granted to nobody.';

CREATE VIEW grafana_inner.owner AS
SELECT en.e, en.code, en.name_zh, en.name_en, en.industry, en.timezone, en.day_starts, en.month_starts_day, en.scope
FROM public.enterprise AS en
WHERE EXISTS (
    SELECT 1 FROM grafana_access.login AS l
    WHERE l.login = session_user AND (l.e IS NULL OR l.e = en.e)
);
COMMENT ON VIEW grafana_inner.owner IS 'Whose alerts this session may see: those plants, and the district where it may see them all.';

CREATE VIEW grafana_inner.visible AS
SELECT o.e, o.code, o.name_zh, o.name_en, o.industry, o.timezone, o.day_starts, o.month_starts_day
FROM grafana_inner.owner AS o
WHERE o.scope = 'plant';
COMMENT ON VIEW grafana_inner.visible IS 'The enterprises this session may see. Every view of schema grafana joins it.';

-- What follows from configuration alone is kept in tables, each beside the view it is filled from (X from X_computed, by
-- keep_configuration in 60_grafana_9_kept.sql): computed for every panel it cost more than the panel's own figures.
CREATE VIEW grafana_inner.point_now_computed AS
SELECT pt.e, pt.p, pt.code, c.name_zh, c.name_en, c.process, c.carrier, c.role, c.reading, c.unit, c.amount_unit,
       c.to_amount, c.aggregate, c.rated_per_hour, c.period_s, c.max_gap_s, c.parent, c.ncv, c.in_service_from,
       c.virtual, c.position,
       -- how old a newest value may be before it is stale; an interval reading is as old as its period just before
       -- the next one comes
       CASE
           WHEN c.reporting = 'on_change' AND c.max_silence_s IS NOT NULL THEN greatest(c.max_silence_s, c.max_gap_s)
           WHEN c.reading = 'interval' THEN greatest(c.max_gap_s, 2 * c.period_s)
           ELSE c.max_gap_s
       END AS silent_after_s
FROM public.point AS pt
JOIN public.point_config_span AS c USING (e, p)
WHERE c.valid_from <= now() AND c.valid_to > now() AND NOT c.retired;
CREATE TABLE grafana_inner.point_now AS TABLE grafana_inner.point_now_computed WITH NO DATA;
ALTER TABLE grafana_inner.point_now ADD PRIMARY KEY (e, p);
CREATE INDEX ON grafana_inner.point_now (e, code);
COMMENT ON TABLE grafana_inner.point_now IS 'Points as they are configured now.';

CREATE VIEW grafana_inner.meter_now_computed AS
SELECT i.e, i.p, i.multiplier, i.resolution, i.accuracy_class, i.calibrated
FROM public.installation_span AS i
WHERE i.installed_at <= now() AND i.removed_at > now();
CREATE TABLE grafana_inner.meter_now AS TABLE grafana_inner.meter_now_computed WITH NO DATA;
ALTER TABLE grafana_inner.meter_now ADD PRIMARY KEY (e, p);
COMMENT ON TABLE grafana_inner.meter_now IS 'The meter on each point now.';

CREATE VIEW grafana_inner.point_span_computed AS
SELECT c.e, c.p, c.valid_from, c.valid_to, c.process, c.carrier, c.role, c.amount_unit, c.aggregate
FROM public.point_config_span AS c
WHERE NOT c.retired;
CREATE TABLE grafana_inner.point_span AS TABLE grafana_inner.point_span_computed WITH NO DATA;
ALTER TABLE grafana_inner.point_span ADD PRIMARY KEY (e, p, valid_from);
COMMENT ON TABLE grafana_inner.point_span IS 'What each point is over [valid_from, valid_to).';

-- Days to choose from by an index: a series made for every question would be gone through whole each time.
CREATE TABLE grafana_inner.calendar AS
SELECT d::date AS local_date FROM generate_series(timestamp '2000-01-01', timestamp '2100-12-31', interval '1 day') AS d;
ALTER TABLE grafana_inner.calendar ADD PRIMARY KEY (local_date);
ANALYZE grafana_inner.calendar;
COMMENT ON TABLE grafana_inner.calendar IS 'Every day from 2000 to 2100.';
