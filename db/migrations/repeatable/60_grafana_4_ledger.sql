-- The interval ledger, with standard coal: factors as enms/carriers.py and db/conversions.py choose them.

CREATE VIEW grafana_inner.site_factor_now AS
SELECT f.e, f.carrier, f.unit, f.kgce,
       CASE WHEN f.effective_from = '-infinity' THEN '-infinity'
            ELSE f.effective_from::timestamp AT TIME ZONE en.timezone END AS starts,
       CASE WHEN f.effective_to = 'infinity' THEN 'infinity'
            ELSE (f.effective_to + 1)::timestamp AT TIME ZONE en.timezone END AS ends
FROM (
    SELECT DISTINCT ON (e, carrier, effective_from) *
    FROM public.site_factor
    WHERE basis = 'calorific'
    ORDER BY e, carrier, effective_from, recorded_at DESC
) AS f
JOIN public.enterprise AS en USING (e)
WHERE NOT f.retired;
COMMENT ON VIEW grafana_inner.site_factor_now IS 'Sites'' own standard-coal factors that hold, as spans [starts, ends).';

CREATE VIEW grafana_inner.conversion_computed AS
-- The order of belief: a measured heating value, a site factor, the table's. kgce = amount x factor, times the mean
-- heating value of the same quarter hour where one is measured. A version is cut where a site factor of its carrier
-- begins or ends. Joins are on one column where one will do: of several the planner expects too few rows, and loops.
WITH own AS MATERIALIZED (
    SELECT f.*, u.factor, u.dimension FROM grafana_inner.site_factor_now AS f JOIN grafana_inner.unit AS u ON u.symbol = f.unit
)
SELECT x.e, x.p, x.starts, x.ends, ncv.p AS ncv_p,
       CASE
           WHEN x.ncv IS NOT NULL THEN
               CASE WHEN nu.dimension = 'heating_value_mass' AND au.dimension = 'mass'
                      OR nu.dimension = 'heating_value_volume' AND au.dimension = 'volume'
                    THEN au.factor * nu.factor / 29307.6 END
           WHEN own.kgce IS NOT NULL THEN CASE WHEN own.dimension = au.dimension THEN own.kgce * au.factor / own.factor END
           WHEN ku.dimension = au.dimension THEN k.kgce * au.factor / ku.factor
       END AS kgce_per_amount
FROM (
    SELECT w.*, lead(w.starts, 1, w.valid_to) OVER (PARTITION BY w.p, w.valid_from ORDER BY w.starts) AS ends
    FROM (
        SELECT c.e, c.p, c.valid_from, c.valid_to, c.carrier, c.amount_unit, c.ncv, c.valid_from AS starts
        FROM public.point_config_span AS c
        WHERE NOT c.retired AND c.reading <> 'virtual'
        UNION
        SELECT c.e, c.p, c.valid_from, c.valid_to, c.carrier, c.amount_unit, c.ncv, s.at
        FROM own AS f
        JOIN public.point_config_span AS c ON c.e = f.e AND c.carrier = f.carrier
        CROSS JOIN LATERAL (VALUES (f.starts), (f.ends)) AS s (at)
        WHERE NOT c.retired AND c.reading <> 'virtual' AND c.ncv IS NULL AND s.at > c.valid_from AND s.at < c.valid_to
    ) AS w
) AS x
LEFT JOIN grafana_inner.unit AS au ON au.symbol = x.amount_unit
LEFT JOIN grafana_inner.carrier AS k ON k.code = x.carrier
LEFT JOIN grafana_inner.unit AS ku ON ku.symbol = k.unit
LEFT JOIN LATERAL (
    SELECT f.kgce, f.factor, f.dimension
    FROM own AS f
    WHERE f.e = x.e AND f.carrier = x.carrier AND f.starts <= x.starts AND f.ends > x.starts AND x.ncv IS NULL
    ORDER BY f.starts DESC
    LIMIT 1
) AS own ON true
LEFT JOIN public.point AS ncv ON ncv.e = x.e AND ncv.code = x.ncv
LEFT JOIN (
    SELECT DISTINCT ON (c.p) c.p, c.unit FROM public.point_config AS c ORDER BY c.p, c.valid_from DESC, c.recorded_at DESC
) AS nc ON nc.p = ncv.p
LEFT JOIN grafana_inner.unit AS nu ON nu.symbol = nc.unit;
CREATE TABLE grafana_inner.conversion AS TABLE grafana_inner.conversion_computed WITH NO DATA;
ALTER TABLE grafana_inner.conversion ADD PRIMARY KEY (e, p, starts);
COMMENT ON TABLE grafana_inner.conversion IS 'How each point''s amount becomes kgce over [starts, ends); kgce_per_amount NULL where nobody knows.';

CREATE VIEW grafana.ledger WITH (security_barrier) AS
SELECT i.start AS time, i.start + interval '15 minutes' AS time_end, v.code AS enterprise, pt.code AS point,
       c.process, c.carrier, c.role, i.amount, c.amount_unit AS unit,
       CASE WHEN k.ncv_p IS NULL THEN i.amount * k.kgce_per_amount
            ELSE i.amount * k.kgce_per_amount * n.amount END AS kgce,
       i.covered_s, i.estimated_s, i.apportioned_s,
       CASE i.basis WHEN 0 THEN 'measured' WHEN 1 THEN 'apportioned' WHEN 2 THEN 'estimated' ELSE 'missing' END AS basis,
       i.basis AS basis_code, i.suspect, i.rev, i.known_at, c.aggregate
FROM grafana_inner.visible AS v
JOIN public.point AS pt USING (e)
JOIN grafana_inner.point_span AS c USING (e, p)
JOIN public.interval AS i ON i.e = pt.e AND i.p = pt.p AND i.start >= c.valid_from AND i.start < c.valid_to
LEFT JOIN grafana_inner.conversion AS k ON k.e = i.e AND k.p = i.p AND i.start >= k.starts AND i.start < k.ends
LEFT JOIN public.interval AS n ON n.e = i.e AND n.p = k.ncv_p AND n.start = i.start;
COMMENT ON VIEW grafana.ledger IS 'Closed quarter hours [time, time_end). No row: missing. Always ask for a time range.';
COMMENT ON COLUMN grafana.ledger.amount IS 'In unit over the covered seconds; the covered-time mean where aggregate is mean; NULL where a known amount became unknown.';
COMMENT ON COLUMN grafana.ledger.kgce IS 'Standard coal (当量值); NULL where amount, factor or heating value is missing.';
COMMENT ON COLUMN grafana.ledger.basis_code IS '0 measured, 1 apportioned, 2 estimated, 3 missing';

CREATE VIEW grafana.power_ledger WITH (security_barrier) AS
SELECT i.start AS time, v.code AS enterprise, t.code AS point, t.role, t.sign, t.to_kwh, i.amount, i.covered_s, n.meters
FROM grafana_inner.visible AS v
JOIN (SELECT e, count(*)::int AS meters FROM grafana_inner.power_term GROUP BY e) AS n USING (e)
JOIN grafana_inner.power_term AS t USING (e)
JOIN public.interval AS i ON i.e = t.e AND i.p = t.p;
COMMENT ON VIEW grafana.power_ledger IS 'Closed quarter hours of the meters in grafana.power_term alone: what a curve of closed power is drawn from. Always ask for a time range.';
COMMENT ON COLUMN grafana.power_ledger.meters IS 'How many meters the enterprise''s power is the sum of: fewer rows in a quarter hour, and it is unknown.';

CREATE VIEW grafana_inner.day_span AS
SELECT v.e, v.code, v.timezone, d.local_date, (d.local_date + v.day_starts) AT TIME ZONE v.timezone AS starts,
       (d.local_date + 1 + v.day_starts) AT TIME ZONE v.timezone AS ends
FROM grafana_inner.visible AS v
CROSS JOIN LATERAL (
    SELECT (min(s.first_ts) AT TIME ZONE v.timezone - v.day_starts)::date AS first,
           (now() AT TIME ZONE v.timezone - v.day_starts)::date AS today
    FROM public.point_state AS s
    WHERE s.e = v.e
) AS known
JOIN grafana_inner.calendar AS d ON d.local_date >= known.first AND d.local_date <= known.today
-- no plant's day is ahead of that: a bound that the planner knows, else it may begin with all the days there will be
WHERE d.local_date <= (now() AT TIME ZONE 'UTC')::date + 1;
COMMENT ON VIEW grafana_inner.day_span IS 'Local days [starts, ends) since an enterprise''s first reading, the present one included.';

CREATE VIEW grafana.day WITH (security_barrier) AS
SELECT d.local_date, d.starts AS time, v.code AS enterprise, c.code AS point, c.process, c.carrier, c.role,
       t.amount, c.amount_unit AS unit, coalesce(t.covered_s, 0) AS covered_s, coalesce(t.estimated_s, 0) AS estimated_s,
       coalesce(t.apportioned_s, 0) AS apportioned_s,
       date_part('epoch', least(d.ends, s.closed_until) - greatest(d.starts, s.since)) AS elapsed_s, c.aggregate
FROM grafana_inner.visible AS v
JOIN grafana_inner.point_now AS c USING (e)
CROSS JOIN LATERAL (
    SELECT ps.closed_until, coalesce(c.in_service_from, ps.first_ts) AS since
    FROM public.point_state AS ps
    WHERE ps.e = c.e AND ps.p = c.p
) AS s
CROSS JOIN LATERAL (
    SELECT k.local_date, (k.local_date + v.day_starts) AT TIME ZONE v.timezone AS starts,
           (k.local_date + 1 + v.day_starts) AT TIME ZONE v.timezone AS ends
    FROM grafana_inner.calendar AS k
    WHERE k.local_date >= (s.since AT TIME ZONE v.timezone - v.day_starts)::date
      AND k.local_date <= (s.closed_until AT TIME ZONE v.timezone - v.day_starts)::date
      AND k.local_date <= (now() AT TIME ZONE 'UTC')::date + 1 -- as in day_span
) AS d
LEFT JOIN LATERAL (
    SELECT t.amount, t.covered_s, t.estimated_s, t.apportioned_s FROM public.day_total AS t
    WHERE t.e = c.e AND t.p = c.p AND t.local_date = d.local_date
    OFFSET 0 -- by the key: left to choose, the planner may read every day there ever was for a week of many points
) AS t ON true
WHERE c.reading <> 'virtual' AND least(d.ends, s.closed_until) > greatest(d.starts, s.since);
COMMENT ON VIEW grafana.day IS 'Points by local day, as far as it is closed; a day without any amount has a row with NULL.';
COMMENT ON COLUMN grafana.day.elapsed_s IS 'Seconds the point should have covered; completeness is covered_s / elapsed_s.';

CREATE VIEW grafana.completeness_day WITH (security_barrier) AS
-- Day by day, all points of an enterprise in one step down a key each: a look-up for every point and day is what costs.
SELECT v.code AS enterprise, k.local_date, d.starts AS time, x.points, x.covered_s, x.estimated_s, x.elapsed_s
FROM grafana_inner.visible AS v
CROSS JOIN LATERAL (
    SELECT min(coalesce(c.in_service_from, ps.first_ts)) AS since, max(ps.closed_until) AS until
    FROM grafana_inner.point_now AS c
    JOIN public.point_state AS ps USING (e, p)
    WHERE c.e = v.e AND c.reading <> 'virtual'
) AS known
JOIN grafana_inner.calendar AS k
    ON k.local_date >= (known.since AT TIME ZONE v.timezone - v.day_starts)::date
   AND k.local_date <= (known.until AT TIME ZONE v.timezone - v.day_starts)::date
   AND k.local_date <= (now() AT TIME ZONE 'UTC')::date + 1 -- as in day_span
CROSS JOIN LATERAL (
    -- once a day, not once a point and day
    SELECT s.starts, s.ends, date_part('epoch', s.ends - s.starts) AS length_s
    FROM (
        SELECT (k.local_date + v.day_starts) AT TIME ZONE v.timezone AS starts,
               (k.local_date + 1 + v.day_starts) AT TIME ZONE v.timezone AS ends
        OFFSET 0
    ) AS s
    OFFSET 0
) AS d
CROSS JOIN LATERAL (
    SELECT count(*)::int AS points, sum(least(coalesce(t.covered_s, 0), s.elapsed_s)) AS covered_s,
           coalesce(sum(t.estimated_s), 0) AS estimated_s, sum(s.elapsed_s) AS elapsed_s
    FROM (
        SELECT c.p,
               CASE WHEN ps.closed_until >= d.ends AND coalesce(c.in_service_from, ps.first_ts) <= d.starts THEN d.length_s
                    ELSE date_part('epoch', least(d.ends, ps.closed_until)
                                            - greatest(d.starts, coalesce(c.in_service_from, ps.first_ts))) END AS elapsed_s
        FROM grafana_inner.point_now AS c
        JOIN public.point_state AS ps USING (e, p)
        -- as in grafana.day, no day of a point of which nothing is closed: least() and greatest() pass over NULL
        WHERE c.e = v.e AND c.reading <> 'virtual' AND ps.closed_until IS NOT NULL
          AND coalesce(c.in_service_from, ps.first_ts) IS NOT NULL
        OFFSET 0
    ) AS s
    LEFT JOIN (
        SELECT t.p, t.covered_s, t.estimated_s FROM public.day_total AS t WHERE t.e = v.e AND t.local_date = k.local_date OFFSET 0
    ) AS t USING (p)
    WHERE s.elapsed_s > 0
) AS x
WHERE x.points > 0;
COMMENT ON VIEW grafana.completeness_day IS 'grafana.day added up over an enterprise''s points: how complete its data is, by local day, as far as it is closed.';
COMMENT ON COLUMN grafana.completeness_day.covered_s IS 'Of all points together; completeness is covered_s / elapsed_s.';
