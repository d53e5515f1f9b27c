-- What is known now: newest readings, what flows, electric power. Two steps down the key for every point asked for.
--
-- Live means within three days: on a partitioned table that keeps the search to the newest chunks. What is older has
-- no value here, only the instant it was last heard of.

CREATE VIEW grafana.reading WITH (security_barrier) AS
SELECT r.ts AS time, v.code AS enterprise, pt.code AS point, c.process, c.carrier, c.role, r.value, c.unit,
       CASE r.quality WHEN 0 THEN 'good' WHEN 1 THEN 'suspect' ELSE 'bad' END AS quality, c.reading, c.to_amount,
       c.amount_unit, m.multiplier
FROM grafana_inner.visible AS v
JOIN public.point AS pt USING (e)
JOIN grafana_inner.point_now AS c USING (e, p)
LEFT JOIN grafana_inner.meter_now AS m USING (e, p)
JOIN public.reading AS r ON r.e = pt.e AND r.p = pt.p;
COMMENT ON VIEW grafana.reading IS 'Accepted readings as they came, before any multiplier. Always ask for a time range.';

CREATE VIEW grafana_inner.live AS
SELECT c.e, c.p, c.code, c.role, c.carrier, c.process, c.name_zh, c.name_en, c.unit, c.amount_unit, c.aggregate, c.reading,
       c.silent_after_s, c.position, c.parent, coalesce(n.ts, s.newest_ts) AS ts, n.value, n.quality,
       CASE
           WHEN c.aggregate = 'mean' OR n.quality = 2 THEN NULL
           WHEN now() - n.ts > make_interval(secs => c.silent_after_s) THEN NULL
           WHEN c.reading = 'gauge' THEN n.value * c.to_amount
           WHEN c.reading = 'interval' THEN
               n.value * coalesce(m.multiplier, 1) * 3600
               / nullif(coalesce(extract(epoch FROM n.ts - n.start)::float8, c.period_s), 0)
           -- a register that fell tells nothing here: whether it rolled over is the ledger's to judge
           WHEN n.value >= b.value AND n.ts - b.ts <= make_interval(secs => 2 * greatest(c.max_gap_s, 290)) THEN
               (n.value - b.value) * coalesce(m.multiplier, 1) * 3600 / extract(epoch FROM n.ts - b.ts)::float8
       END AS flow
FROM grafana_inner.point_now AS c
LEFT JOIN grafana_inner.meter_now AS m USING (e, p)
LEFT JOIN public.point_state AS s USING (e, p)
LEFT JOIN LATERAL (
    SELECT r.ts, r.start, r.value, r.quality
    FROM public.reading AS r
    WHERE r.e = c.e AND r.p = c.p AND r.ts > now() - interval '3 days'
    ORDER BY r.ts DESC
    LIMIT 1
) AS n ON true
LEFT JOIN LATERAL (
    -- a rate is taken over about five minutes: less shows the register's steps, more hides what happens now
    SELECT r.ts, r.value
    FROM public.reading AS r
    WHERE r.e = c.e AND r.p = c.p AND r.ts > now() - interval '3 days' AND r.ts <= n.ts - interval '290 seconds'
      AND r.quality < 2 AND c.reading = 'register'
    ORDER BY r.ts DESC
    LIMIT 1
) AS b ON true
WHERE c.reading <> 'virtual';
COMMENT ON VIEW grafana_inner.live IS 'The newest reading of each point and what flows now.';

CREATE VIEW grafana.latest WITH (security_barrier) AS
SELECT v.code AS enterprise, l.code AS point, coalesce(l.name_zh, l.code) AS name_zh, coalesce(l.name_en, l.code) AS name_en,
       l.process, l.carrier, l.role, l.ts AS time, l.value, l.unit,
       CASE l.quality WHEN 0 THEN 'good' WHEN 1 THEN 'suspect' WHEN 2 THEN 'bad' END AS quality,
       extract(epoch FROM now() - l.ts)::float8 AS age_s,
       CASE
           WHEN l.ts IS NULL THEN 'never'
           WHEN now() - l.ts > make_interval(secs => l.silent_after_s) THEN 'silent'
           ELSE 'live'
       END AS state,
       l.flow,
       CASE l.amount_unit WHEN 'kWh' THEN 'kW' WHEN 'MWh' THEN 'MW' WHEN 'kvarh' THEN 'kvar' WHEN 'Mvarh' THEN 'Mvar'
                          ELSE l.amount_unit || '/h' END AS flow_unit,
       l.amount_unit, l.silent_after_s, l.position, l.parent
FROM grafana_inner.visible AS v
JOIN grafana_inner.live AS l USING (e);
COMMENT ON VIEW grafana.latest IS 'The newest reading of each point, its age, and what flows now.';
COMMENT ON COLUMN grafana.latest.state IS 'live; silent: older than the point may be; never: nothing was ever heard.';
COMMENT ON COLUMN grafana.latest.flow IS 'Amount per hour in flow_unit: a rate gauge, or a register''s rise over about five minutes. NULL when stale or not to be told.';

CREATE VIEW grafana.freshness WITH (security_barrier) AS
SELECT v.code AS enterprise, count(*)::int AS points,
       count(*) FILTER (WHERE s.newest_ts IS NULL)::int AS never,
       count(*) FILTER (WHERE now() - s.newest_ts > make_interval(secs => c.silent_after_s))::int AS silent,
       max(s.newest_ts) AS newest,
       extract(epoch FROM now() - max(s.newest_ts))::float8 AS age_s,
       max(s.closed_until) AS closed_until
FROM grafana_inner.visible AS v
JOIN grafana_inner.point_now AS c USING (e)
LEFT JOIN public.point_state AS s USING (e, p)
WHERE c.reading <> 'virtual'
GROUP BY v.code;
COMMENT ON VIEW grafana.freshness IS 'How old an enterprise''s data is, by what the ledger has taken in: it counts what every figure stands on.';
COMMENT ON COLUMN grafana.freshness.closed_until IS 'End of the newest closed quarter hour of any point.';

CREATE VIEW grafana_inner.power_term_computed AS
-- What an enterprise uses is what it buys and makes less what it sells; where it meters none of these, what its
-- processes use. A meter is never added beside the one it is measured by.
WITH wired AS (
    SELECT c.e, c.p, c.code, c.parent, c.role, u.factor / 3600 AS to_kwh,
           CASE WHEN c.role = 'consumed' THEN 2 ELSE 1 END AS tier
    FROM grafana_inner.point_now AS c
    JOIN grafana_inner.unit AS u ON u.symbol = c.amount_unit
    WHERE c.carrier = 'electricity' AND u.dimension = 'energy' AND c.reading <> 'virtual'
      AND c.role IN ('purchased', 'produced', 'sold', 'consumed')
),
top AS (
    SELECT w.*
    FROM wired AS w
    WHERE NOT EXISTS (SELECT 1 FROM wired AS a WHERE a.e = w.e AND a.tier = w.tier AND a.code = w.parent)
),
best AS (
    SELECT e, min(tier) FILTER (WHERE role <> 'sold') AS tier FROM top GROUP BY e
)
SELECT top.e, top.p, top.code, top.role, CASE top.role WHEN 'sold' THEN -1 ELSE 1 END AS sign, top.to_kwh
FROM top
JOIN best USING (e, tier);
CREATE TABLE grafana_inner.power_term AS TABLE grafana_inner.power_term_computed WITH NO DATA;
ALTER TABLE grafana_inner.power_term ADD PRIMARY KEY (e, p);
COMMENT ON TABLE grafana_inner.power_term IS 'The signed meters that an enterprise''s electric power is the sum of.';

CREATE VIEW grafana.power_term WITH (security_barrier) AS
SELECT v.code AS enterprise, t.code AS point, t.role, t.sign, t.to_kwh
FROM grafana_inner.visible AS v
JOIN grafana_inner.power_term AS t USING (e);
COMMENT ON VIEW grafana.power_term IS 'The signed meters that an enterprise''s electric power is the sum of; to_kwh turns their amounts into kWh.';

CREATE VIEW grafana.power_reading WITH (security_barrier) AS
SELECT r.ts AS time, v.code AS enterprise, t.code AS point, t.role, t.sign, t.to_kwh, c.reading, r.value, r.start, c.to_amount,
       coalesce(m.multiplier, 1) AS multiplier, c.max_gap_s
FROM grafana_inner.visible AS v
JOIN grafana_inner.power_term AS t USING (e)
JOIN grafana_inner.point_now AS c ON c.p = t.p
LEFT JOIN grafana_inner.meter_now AS m ON m.p = t.p
JOIN public.reading AS r ON r.e = t.e AND r.p = t.p AND r.quality < 2;
COMMENT ON VIEW grafana.power_reading IS 'Readings of the meters in grafana.power_term alone: what a power curve is drawn from. Always ask for a time range.';

CREATE VIEW grafana_inner.power_by_role AS
-- NULL where one of a role's meters is silent; 0 only where the enterprise has no meter of that role
SELECT t.e, t.role, sum(t.sign) AS sign,
       CASE WHEN count(*) = count(l.flow) THEN sum(l.flow * t.to_kwh) END AS kw,
       count(l.flow) AS known, count(*) AS meters, max(extract(epoch FROM now() - l.ts)::float8) AS oldest_s
FROM grafana_inner.power_term AS t
JOIN grafana_inner.live AS l USING (e, p)
GROUP BY t.e, t.role;

CREATE VIEW grafana.power_now WITH (security_barrier) AS
SELECT v.code AS enterprise,
       CASE WHEN count(*) = count(r.kw) THEN sum(sign(r.sign) * r.kw) END AS kw,
       sum(r.kw) FILTER (WHERE r.role = 'purchased') AS purchased_kw,
       sum(r.kw) FILTER (WHERE r.role = 'produced') AS produced_kw,
       sum(r.kw) FILTER (WHERE r.role = 'sold') AS sold_kw,
       sum(r.known)::int AS known, sum(r.meters)::int AS meters, max(r.oldest_s) AS oldest_s
FROM grafana_inner.visible AS v
JOIN grafana_inner.power_by_role AS r USING (e)
GROUP BY v.code;
COMMENT ON VIEW grafana.power_now IS 'Electric power now. One silent meter makes a sum NULL: a partial sum would pass for the whole.';
COMMENT ON COLUMN grafana.power_now.kw IS 'Bought plus made less sold; what the processes use where none of these is metered.';
