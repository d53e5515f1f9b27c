-- An enterprise's consumption by carrier and day: the balance of enms/balance.py, one missing term making the line
-- unknown, and one unknown line the total.

CREATE VIEW grafana_inner.balance_term_computed AS
WITH RECURSIVE member AS (
    SELECT c.e, c.p, up.p AS parent_p, c.role, c.carrier, c.amount_unit, c.position
    FROM grafana_inner.point_now AS c
    LEFT JOIN public.point AS up ON up.e = c.e AND up.code = c.parent
    WHERE c.carrier IS NOT NULL AND c.reading <> 'virtual' AND (c.aggregate = 'sum' OR c.role = 'stock')
),
above AS (
    -- every ancestor that measures the same carrier
    SELECT m.p, m.carrier, m.role, m.parent_p AS ancestor, 1 AS steps FROM member AS m WHERE m.parent_p IS NOT NULL
    UNION ALL
    SELECT a.p, a.carrier, a.role, m.parent_p, a.steps + 1
    FROM above AS a
    JOIN member AS m ON m.p = a.ancestor AND m.carrier = a.carrier
    WHERE m.parent_p IS NOT NULL AND a.steps < 20 -- a ring of parents ends here
),
ranked AS (
    SELECT m.*,
           -- a meter one of whose ancestors has the same role is counted there already
           m.p NOT IN (SELECT a.p FROM above AS a JOIN member AS up ON up.p = a.ancestor AND up.carrier = a.carrier AND up.role = a.role)
               AS top
    FROM member AS m
),
judged AS (
    SELECT r.*, bool_or(r.top AND r.role IN ('purchased', 'sold')) OVER carrier AS bought,
           bool_or(r.role IN ('produced', 'recovered')) OVER carrier AS inside
    FROM ranked AS r
    WINDOW carrier AS (PARTITION BY r.e, r.carrier)
)
SELECT t.e, t.carrier, t.p, t.role, CASE WHEN t.role IN ('sold', 'stock') THEN -1 ELSE 1 END AS sign, t.amount_unit, t.position,
       first_value(t.amount_unit) OVER (PARTITION BY t.e, t.carrier ORDER BY t.position) AS unit,
       t.bought OR NOT t.inside AS in_total,
       CASE WHEN t.bought THEN 'purchased' WHEN t.inside THEN 'internal' ELSE 'consumed' END AS method
FROM judged AS t
WHERE t.top AND CASE WHEN t.bought THEN t.role IN ('purchased', 'sold', 'stock') ELSE t.role = 'consumed' END;
CREATE TABLE grafana_inner.balance_term AS TABLE grafana_inner.balance_term_computed WITH NO DATA;
ALTER TABLE grafana_inner.balance_term ADD PRIMARY KEY (e, carrier, p);
COMMENT ON TABLE grafana_inner.balance_term IS 'The signed points each carrier''s consumption is the sum of (enms/balance.py).';

CREATE VIEW grafana_inner.balance_part_computed AS
SELECT b.*, k.starts AS k_starts, k.ends AS k_ends, k.kgce_per_amount, k.ncv_p, u.factor / lu.factor AS to_unit
FROM grafana_inner.balance_term AS b
JOIN grafana_inner.conversion AS k USING (e, p)
JOIN grafana_inner.unit AS u ON u.symbol = b.amount_unit
JOIN grafana_inner.unit AS lu ON lu.symbol = b.unit;
CREATE TABLE grafana_inner.balance_part AS TABLE grafana_inner.balance_part_computed WITH NO DATA;
ALTER TABLE grafana_inner.balance_part ADD PRIMARY KEY (e, carrier, p, k_starts);
COMMENT ON TABLE grafana_inner.balance_part IS 'The terms of each balance with what turns them into standard coal over [k_starts, k_ends).';

CREATE VIEW grafana_inner.site_carbon_computed AS
SELECT c.e, c.carrier, c.effective_from, c.effective_to,
       CASE WHEN c.unit IS NULL THEN c.carbon_per_gj * c.oxidation * 44 / 12 END AS tco2_per_gj,
       coalesce(c.tco2, CASE WHEN c.unit IS NOT NULL THEN c.carbon * c.oxidation * 44 / 12 END) AS tco2_per_unit,
       coalesce(c.unit, 'GJ') AS unit, 'site: ' || c.source AS source
FROM (
    SELECT DISTINCT ON (e, carrier, effective_from) *
    FROM public.site_carbon
    ORDER BY e, carrier, effective_from, recorded_at DESC
) AS c
WHERE NOT c.retired;
CREATE TABLE grafana_inner.site_carbon AS TABLE grafana_inner.site_carbon_computed WITH NO DATA;
ALTER TABLE grafana_inner.site_carbon ADD PRIMARY KEY (e, carrier, effective_from);
COMMENT ON TABLE grafana_inner.site_carbon IS 'Sites'' own carbon factors on local days [effective_from, effective_to]; they come before those of grafana_inner.carbon_factor.';

CREATE VIEW grafana_inner.term_day AS
-- Amount and standard coal of each term by local day. A factor that holds all day multiplies the day's total; a measured
-- heating value, or a factor that changes within the day, is counted quarter hour by quarter hour, of a closed day once
-- (heat_day); while a heating value's quarter hour is open the last one known counts. Stock laid in over a day: the last
-- level known before its end less that before its start, at the rate of its end.
SELECT d.e, d.code AS enterprise, b.carrier, b.unit, b.in_total, b.method, b.p, b.role, b.sign, d.local_date, d.starts,
       b.to_unit * CASE WHEN b.role = 'stock' THEN late.amount - early.amount WHEN w.whole THEN t.amount ELSE x.amount END AS amount,
       CASE WHEN b.role = 'stock' THEN
                CASE WHEN late.amount = 0 THEN 0
                     ELSE (late.amount - early.amount) * b.kgce_per_amount * CASE WHEN b.ncv_p IS NULL THEN 1 ELSE heat.amount END END
            WHEN w.whole THEN CASE WHEN b.ncv_p IS NULL THEN t.amount ELSE h.heat END * b.kgce_per_amount
            ELSE x.kgce END AS kgce,
       CASE WHEN w.whole THEN t.covered_s ELSE x.covered_s END AS covered_s,
       CASE WHEN w.whole THEN t.estimated_s ELSE x.estimated_s END AS estimated_s,
       CASE WHEN NOT w.whole THEN coalesce(x.unconverted_s, 0) WHEN b.ncv_p IS NOT NULL THEN h.unconverted_s
            WHEN b.kgce_per_amount IS NULL THEN t.covered_s ELSE 0 END AS unconverted_s
FROM grafana_inner.day_span AS d
JOIN (
    SELECT b.*, ns.closed_until AS ncv_until
    FROM grafana_inner.balance_part AS b
    LEFT JOIN public.point_state AS ns ON ns.e = b.e AND ns.p = b.ncv_p
) AS b ON b.e = d.e AND b.k_starts < d.ends AND b.k_ends > d.starts
LEFT JOIN LATERAL (
    SELECT t.amount, t.covered_s, t.estimated_s, t.put_at FROM public.day_total AS t
    WHERE t.e = b.e AND t.p = b.p AND t.local_date = d.local_date
    OFFSET 0 -- by the key, as in grafana.day
) AS t ON true
LEFT JOIN LATERAL (
    SELECT h.* FROM public.heat_day AS h
    WHERE b.role <> 'stock' AND h.e = b.e AND h.p = b.p AND h.ncv_p = b.ncv_p AND h.local_date = d.local_date
    OFFSET 0 -- by the key, as in grafana.day
) AS h ON true
LEFT JOIN LATERAL (
    SELECT t.put_at FROM public.day_total AS t
    WHERE h.p IS NOT NULL AND t.e = b.e AND t.p = b.ncv_p AND t.local_date = d.local_date
    OFFSET 0
) AS tn ON true
CROSS JOIN LATERAL (
    SELECT b.k_starts <= d.starts AND b.k_ends >= d.ends
           AND (b.ncv_p IS NULL OR (h.put_at = t.put_at AND h.ncv_put_at = tn.put_at) IS TRUE) AS whole
) AS w
LEFT JOIN LATERAL (
    SELECT l.start, l.amount, l.put_at FROM public.level_day AS l
    WHERE b.role = 'stock' AND l.e = b.e AND l.p = b.p AND l.local_date = d.local_date
    OFFSET 0
) AS kl ON true
LEFT JOIN LATERAL (
    SELECT l.p, l.amount, l.put_at FROM public.level_day AS l
    WHERE b.role = 'stock' AND l.e = b.e AND l.p = b.p AND l.local_date = d.local_date - 1
    OFFSET 0
) AS ke ON true
LEFT JOIN LATERAL (
    SELECT t.put_at FROM public.day_total AS t
    WHERE ke.p IS NOT NULL AND t.e = b.e AND t.p = b.p AND t.local_date = d.local_date - 1
    OFFSET 0
) AS te ON true
LEFT JOIN LATERAL (
    SELECT kl.start, kl.amount WHERE kl.put_at = t.put_at
    UNION ALL
    (SELECT i.start, i.amount FROM public.interval AS i
     WHERE b.role = 'stock' AND (kl.put_at = t.put_at) IS NOT TRUE
       AND i.e = b.e AND i.p = b.p AND i.start < d.ends AND i.start >= d.ends - interval '1 day' AND i.amount IS NOT NULL
     ORDER BY i.start DESC LIMIT 1)
) AS late ON true
LEFT JOIN LATERAL (
    SELECT ke.amount WHERE ke.put_at = te.put_at
    UNION ALL
    (SELECT i.amount FROM public.interval AS i
     WHERE b.role = 'stock' AND (ke.put_at = te.put_at) IS NOT TRUE
       AND i.e = b.e AND i.p = b.p AND i.start < d.starts AND i.start >= d.starts - interval '1 day' AND i.amount IS NOT NULL
     ORDER BY i.start DESC LIMIT 1)
) AS early ON true
LEFT JOIN LATERAL (
    SELECT v.amount FROM public.interval AS v
    WHERE b.role = 'stock' AND v.e = b.e AND v.p = b.ncv_p AND v.start <= late.start AND v.start >= late.start - interval '7 days'
      AND (v.start = late.start OR late.start >= b.ncv_until)
    ORDER BY v.start DESC LIMIT 1
) AS heat ON true
LEFT JOIN LATERAL (
    SELECT y.*
    FROM (SELECT 1 WHERE NOT w.whole AND b.role <> 'stock' OFFSET 0) AS asked -- else not even the empty sum is made
    CROSS JOIN LATERAL (
    SELECT sum(i.amount ORDER BY i.start) AS amount,
           sum(i.amount * b.kgce_per_amount * CASE WHEN b.ncv_p IS NULL THEN 1 ELSE coalesce(i.ncv, latest.amount) END
               ORDER BY i.start) AS kgce,
           sum(i.covered_s) AS covered_s, sum(i.estimated_s) AS estimated_s,
           coalesce(sum(i.covered_s) FILTER (WHERE i.amount IS NOT NULL AND b.ncv_p IS NOT NULL
                                               AND coalesce(i.ncv, latest.amount) IS NULL), 0) AS unconverted_s
    FROM (
        -- both points' quarter hours in one step down the key: a look-up for each of 96 is what costs
        SELECT r.start, max(r.amount) FILTER (WHERE r.p = b.p) AS amount, max(r.covered_s) FILTER (WHERE r.p = b.p) AS covered_s,
               max(r.estimated_s) FILTER (WHERE r.p = b.p) AS estimated_s, max(r.amount) FILTER (WHERE r.p = b.ncv_p) AS ncv
        FROM public.interval AS r
        WHERE NOT w.whole AND b.role <> 'stock' AND r.e = b.e AND r.p = ANY (ARRAY[b.p, b.ncv_p])
          AND r.start >= greatest(d.starts, b.k_starts) AND r.start < least(d.ends, b.k_ends)
        GROUP BY r.start
        HAVING bool_or(r.p = b.p)
    ) AS i
    LEFT JOIN LATERAL (
        SELECT v.amount FROM public.interval AS v
        WHERE i.ncv IS NULL AND i.start >= b.ncv_until
          AND v.e = b.e AND v.p = b.ncv_p AND v.start < i.start AND v.start >= i.start - interval '7 days'
        ORDER BY v.start DESC LIMIT 1
    ) AS latest ON true
    ) AS y
) AS x ON true;

CREATE VIEW grafana_inner.carrier_day AS
SELECT l.*, CASE WHEN f.tco2_per_gj IS NOT NULL AND l.kgce IS NOT NULL THEN l.kgce * 29307.6 / 1e6 * f.tco2_per_gj
                 ELSE l.amount * lu.factor / fu.factor * f.tco2_per_unit END AS tco2, f.source AS tco2_source
FROM (
    SELECT t.e, t.enterprise, t.carrier, t.unit, t.in_total, t.method, t.local_date, t.starts,
           CASE WHEN count(*) = count(t.amount) THEN sum(t.sign * t.amount) END AS amount,
           CASE WHEN count(*) = count(t.kgce) THEN sum(t.sign * t.kgce) END AS kgce,
           sum(t.covered_s) AS covered_s, sum(t.estimated_s) AS estimated_s, sum(t.unconverted_s) AS unconverted_s
    FROM grafana_inner.term_day AS t
    GROUP BY t.e, t.enterprise, t.carrier, t.unit, t.in_total, t.method, t.local_date, t.starts
) AS l
LEFT JOIN grafana_inner.unit AS lu ON lu.symbol = l.unit
LEFT JOIN LATERAL (
    SELECT one.*
    FROM (
        -- the site's own first
        (SELECT 1 AS belief, s.tco2_per_gj, s.tco2_per_unit, s.unit, s.source
         FROM grafana_inner.site_carbon AS s
         WHERE s.e = l.e AND s.carrier = l.carrier AND s.effective_from <= l.local_date AND s.effective_to >= l.local_date
         ORDER BY s.effective_from DESC
         LIMIT 1)
        UNION ALL
        -- the newest factor published for the day or before it; the first one for days before them all
        (SELECT 2, c.tco2_per_gj, c.tco2_per_unit, c.unit, c.source
         FROM grafana_inner.carbon_factor AS c
         WHERE c.carrier = l.carrier
         ORDER BY coalesce(c.effective_from, '-infinity') <= l.local_date DESC,
                  CASE WHEN coalesce(c.effective_from, '-infinity') <= l.local_date THEN c.effective_from END DESC,
                  c.effective_from
         LIMIT 1)
    ) AS one
    ORDER BY one.belief
    LIMIT 1
) AS f ON true
LEFT JOIN grafana_inner.unit AS fu ON fu.symbol = f.unit AND fu.dimension = lu.dimension;

CREATE VIEW grafana.carrier_day WITH (security_barrier) AS
SELECT l.enterprise, l.local_date, l.starts AS time, l.carrier, coalesce(k.name_zh, l.carrier) AS carrier_zh,
       coalesce(k.name_en, l.carrier) AS carrier_en, l.amount, l.unit, l.kgce, l.tco2, l.in_total, l.method,
       l.covered_s, l.estimated_s, l.unconverted_s, l.tco2_source
FROM grafana_inner.carrier_day AS l
LEFT JOIN grafana_inner.carrier AS k ON k.code = l.carrier;
COMMENT ON VIEW grafana.carrier_day IS 'What an enterprise consumed of each carrier on each local day: purchased less sold less laid in stock; what its processes used where no purchase is metered.';
COMMENT ON COLUMN grafana.carrier_day.kgce IS 'Provisional as long as a heating value of the day is not analysed: the last one known counts.';
COMMENT ON COLUMN grafana.carrier_day.tco2_source IS 'Where the carbon factor of the day is from; a site''s own begins with "site:".';
COMMENT ON COLUMN grafana.carrier_day.in_total IS 'Whether its standard coal is part of the enterprise''s total; a gas that is only made and used inside is not.';

CREATE VIEW grafana.enterprise_day WITH (security_barrier) AS
SELECT l.enterprise, l.local_date, l.starts AS time,
       CASE WHEN count(*) = count(l.kgce) THEN sum(l.kgce) / 1000 END AS tce,
       CASE WHEN count(*) = count(l.tco2) THEN sum(l.tco2) END AS tco2,
       count(*)::int AS carriers, count(l.kgce)::int AS known,
       string_agg(l.carrier, ', ' ORDER BY l.carrier) FILTER (WHERE l.kgce IS NULL) AS missing
FROM grafana_inner.carrier_day AS l
WHERE l.in_total
GROUP BY l.enterprise, l.local_date, l.starts;
COMMENT ON VIEW grafana.enterprise_day IS 'Standard coal and carbon of each local day; NULL as long as one carrier of the balance is unknown (missing names them).';
