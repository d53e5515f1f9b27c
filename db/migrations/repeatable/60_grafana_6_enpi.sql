-- EnPIs by local day, with the levels of the national limit: the arithmetic of enms/performance.py and
-- enms/corrections.py, without its range of uncertainty (the console has that).

CREATE VIEW grafana_inner.enpi_now_computed AS
SELECT n.e, n.id, n.code, s.definition -> 'name' ->> 'zh' AS name_zh, s.definition -> 'name' ->> 'en' AS name_en,
       s.definition ->> 'process' AS process, s.definition ->> 'basis' AS basis,
       s.definition -> 'limit' ->> 'standard' AS standard, s.definition -> 'limit' ->> 'item' AS item, s.definition
FROM public.enpi AS n
JOIN public.enpi_span AS s USING (e, id)
WHERE s.valid_from <= now() AND s.valid_to > now() AND NOT s.retired;
CREATE TABLE grafana_inner.enpi_now AS TABLE grafana_inner.enpi_now_computed WITH NO DATA;
ALTER TABLE grafana_inner.enpi_now ADD PRIMARY KEY (e, id);
COMMENT ON TABLE grafana_inner.enpi_now IS 'EnPIs as they are defined now.';

CREATE VIEW grafana_inner.enpi_term_computed AS
-- Virtual points are the signed sum of what is below them.
WITH RECURSIVE term AS (
    SELECT n.e, n.id, 'energy' AS part, t.row ->> 'point' AS code, (t.row ->> 'sign')::int AS sign, 1 AS steps
    FROM grafana_inner.enpi_now AS n
    CROSS JOIN LATERAL jsonb_array_elements(n.definition -> 'energy') AS t (row)
    UNION ALL
    SELECT n.e, n.id, 'output', t.code, 1, 1
    FROM grafana_inner.enpi_now AS n
    CROSS JOIN LATERAL jsonb_array_elements_text(n.definition -> 'output') AS t (code)
    UNION ALL
    -- a generating unit's EnPI is made of what its unit is made of (enms/plant.py)
    SELECT n.e, n.id, k.part, t.code, k.sign, 1
    FROM grafana_inner.enpi_now AS n
    CROSS JOIN LATERAL jsonb_each(n.definition -> 'made_of') AS m (key, codes)
    JOIN (VALUES ('fuels', 'energy', 1), ('generation', 'output', 1), ('auxiliary', 'output', -1), ('heating_auxiliary', 'output', 1),
                 ('heat', 'heat', 1), ('total_heat', 'total_heat', 1)) AS k (key, part, sign) USING (key)
    CROSS JOIN LATERAL jsonb_array_elements_text(m.codes) AS t (code)
    UNION ALL
    SELECT t.e, t.id, t.part, below.row ->> 'point', t.sign * (below.row ->> 'sign')::int, t.steps + 1
    FROM term AS t
    JOIN grafana_inner.point_now AS c ON c.e = t.e AND c.code = t.code AND c.reading = 'virtual'
    CROSS JOIN LATERAL jsonb_array_elements(c.virtual) AS below (row)
    WHERE t.steps < 10
),
metered AS (
    SELECT t.e, t.id, t.part, t.sign, c.p, c.code, c.amount_unit, c.in_service_from, t.steps
    FROM term AS t
    JOIN grafana_inner.point_now AS c ON c.e = t.e AND c.code = t.code AND c.reading <> 'virtual'
),
ratio AS (
    SELECT DISTINCT ON (m.id) m.id,
           coalesce(n.definition ->> 'unit',
                    CASE u.dimension WHEN 'mass' THEN 'kgce/t' WHEN 'energy' THEN 'gce/kWh' ELSE 'kgce/' || u.symbol END) AS unit,
           CASE u.dimension WHEN 'mass' THEN CASE WHEN n.definition ->> 'unit' = 'kWh/kg' THEN 'kg' ELSE 't' END
                            WHEN 'energy' THEN 'kWh' ELSE u.symbol END AS output_unit,
           CASE u.dimension WHEN 'mass' THEN CASE WHEN n.definition ->> 'unit' = 'kWh/kg' THEN 1 ELSE 1e3 END
                            WHEN 'energy' THEN 3600 ELSE u.factor END AS output_factor,
           -- of electricity alone, by its calorific value (GB/T 2589, annex A: 0.1229 kgce/kWh)
           CASE WHEN n.definition ->> 'unit' = '%' THEN 100 / 0.1229 WHEN n.definition ->> 'unit' IS NOT NULL THEN 1 / 0.1229
                WHEN u.dimension = 'energy' THEN 1000 ELSE 1 END AS per_kgce
    FROM metered AS m
    JOIN grafana_inner.unit AS u ON u.symbol = m.amount_unit
    JOIN grafana_inner.enpi_now AS n ON n.e = m.e AND n.id = m.id
    WHERE m.part = 'output'
    ORDER BY m.id, m.steps, m.code
)
SELECT m.e, m.id, m.part, m.sign, m.p, m.code, m.in_service_from,
       r.unit, r.output_unit, r.per_kgce, u.factor / r.output_factor AS to_output
FROM metered AS m
JOIN ratio AS r USING (id)
JOIN grafana_inner.unit AS u ON u.symbol = m.amount_unit;
CREATE TABLE grafana_inner.enpi_term AS TABLE grafana_inner.enpi_term_computed WITH NO DATA;
CREATE INDEX ON grafana_inner.enpi_term (e, id);
COMMENT ON TABLE grafana_inner.enpi_term IS 'The metered points of each EnPI''s boundary, output and heat; to_output turns an amount into output_unit (heat, too: only shares of it count).';

CREATE VIEW grafana_inner.enpi_part_computed AS
SELECT t.*, n.code AS enpi, k.starts AS k_starts, k.ends AS k_ends, k.kgce_per_amount, k.ncv_p
FROM grafana_inner.enpi_term AS t
JOIN public.enpi AS n USING (e, id)
JOIN grafana_inner.conversion AS k USING (e, p);
CREATE TABLE grafana_inner.enpi_part AS TABLE grafana_inner.enpi_part_computed WITH NO DATA;
CREATE INDEX ON grafana_inner.enpi_part (e, enpi);
COMMENT ON TABLE grafana_inner.enpi_part IS 'The terms of each EnPI with what turns them into standard coal over [k_starts, k_ends).';

CREATE VIEW grafana_inner.enpi_unit AS
SELECT DISTINCT t.e, t.id, t.unit, t.output_unit FROM grafana_inner.enpi_term AS t;

CREATE VIEW grafana_inner.enpi_day AS
-- An input with gaps is taken to have gone on at its own mean through them; completeness says how much was metered.
-- Where heat is supplied beside power, the energy is that of the power alone: x (1 - heat supplied / all heat).
WITH part AS (
    SELECT d.code AS enterprise, b.e, b.id, b.enpi, d.local_date, d.starts, d.ends, b.part, b.sign, b.to_output, b.unit, b.output_unit,
           b.per_kgce,
           CASE WHEN w.whole THEN t.amount ELSE x.amount END AS amount,
           CASE WHEN w.whole THEN CASE WHEN b.ncv_p IS NULL OR b.part <> 'energy' THEN t.amount ELSE h.heat END * b.kgce_per_amount
                ELSE x.kgce END AS kgce,
           coalesce(CASE WHEN w.whole THEN t.covered_s ELSE x.covered_s END, 0)
           - CASE WHEN b.part <> 'energy' THEN 0 WHEN NOT w.whole THEN x.unconverted_s WHEN b.ncv_p IS NOT NULL THEN h.unconverted_s
                  ELSE 0 END AS covered_s,
           extract(epoch FROM least(d.ends, b.k_ends) - greatest(d.starts, b.k_starts, b.since))::float8 AS window_s
    FROM grafana_inner.day_span AS d
    JOIN (
        SELECT t.*, coalesce(t.in_service_from, s.first_ts) AS since
        FROM grafana_inner.enpi_part AS t
        LEFT JOIN public.point_state AS s USING (e, p)
    ) AS b ON b.e = d.e AND b.k_starts < d.ends AND b.k_ends > d.starts AND b.since < d.ends
    LEFT JOIN LATERAL (
        SELECT t.amount, t.covered_s, t.put_at FROM public.day_total AS t
        WHERE t.e = b.e AND t.p = b.p AND t.local_date = d.local_date
        OFFSET 0 -- by the key, as in grafana.day
    ) AS t ON true
    LEFT JOIN LATERAL (
        SELECT h.* FROM public.heat_day AS h
        WHERE b.part = 'energy' AND h.e = b.e AND h.p = b.p AND h.ncv_p = b.ncv_p AND h.local_date = d.local_date
        OFFSET 0 -- by the key, as in grafana.day
    ) AS h ON true
    LEFT JOIN LATERAL (
        SELECT t.put_at FROM public.day_total AS t
        WHERE h.p IS NOT NULL AND t.e = b.e AND t.p = b.ncv_p AND t.local_date = d.local_date
        OFFSET 0
    ) AS tn ON true
    CROSS JOIN LATERAL (
        SELECT b.k_starts <= d.starts AND b.k_ends >= d.ends
               AND (b.ncv_p IS NULL OR b.part <> 'energy' OR (h.put_at = t.put_at AND h.ncv_put_at = tn.put_at) IS TRUE) AS whole
    ) AS w
    LEFT JOIN LATERAL (
        SELECT y.*
        FROM (SELECT 1 WHERE NOT w.whole OFFSET 0) AS asked -- else not even the empty sum is made
        CROSS JOIN LATERAL (
        SELECT sum(i.amount ORDER BY i.start) AS amount,
               sum(i.amount * b.kgce_per_amount * CASE WHEN b.ncv_p IS NULL THEN 1 ELSE i.ncv END ORDER BY i.start) AS kgce,
               sum(i.covered_s) AS covered_s,
               coalesce(sum(i.covered_s) FILTER (WHERE i.amount IS NOT NULL AND b.ncv_p IS NOT NULL AND i.ncv IS NULL), 0)
                   AS unconverted_s
        FROM (
            SELECT r.start, max(r.amount) FILTER (WHERE r.p = b.p) AS amount, max(r.covered_s) FILTER (WHERE r.p = b.p) AS covered_s,
                   max(r.amount) FILTER (WHERE r.p = b.ncv_p) AS ncv
            FROM public.interval AS r
            WHERE NOT w.whole AND r.e = b.e AND r.p = ANY (ARRAY[b.p, b.ncv_p])
              AND r.start >= greatest(d.starts, b.k_starts) AND r.start < least(d.ends, b.k_ends)
            GROUP BY r.start
            HAVING bool_or(r.p = b.p)
        ) AS i
        ) AS y
    ) AS x ON true
)
SELECT enterprise, e, id, enpi, local_date, starts, ends, unit, output_unit, per_kgce,
       CASE WHEN heats = 0 THEN burnt WHEN heat <= 0 AND boiler IS NOT NULL THEN burnt
            WHEN heat <= boiler THEN burnt * (1 - heat / boiler) END AS kgce,
       output, completeness
FROM (
    SELECT enterprise, e, id, enpi, local_date, starts, ends, unit, output_unit, per_kgce,
           CASE WHEN count(*) FILTER (WHERE part = 'energy') = count(kgce) FILTER (WHERE part = 'energy' AND covered_s > 0)
                THEN sum(sign * kgce * window_s / nullif(covered_s, 0)) FILTER (WHERE part = 'energy') END AS burnt,
           CASE WHEN count(*) FILTER (WHERE part = 'output') = count(amount) FILTER (WHERE part = 'output' AND covered_s > 0)
                THEN sum(sign * amount * to_output * window_s / nullif(covered_s, 0)) FILTER (WHERE part = 'output') END AS output,
           count(*) FILTER (WHERE part IN ('heat', 'total_heat')) AS heats,
           CASE WHEN count(*) FILTER (WHERE part = 'heat') = count(amount) FILTER (WHERE part = 'heat' AND covered_s > 0)
                THEN coalesce(sum(amount * to_output * window_s / nullif(covered_s, 0)) FILTER (WHERE part = 'heat'), 0) END AS heat,
           CASE WHEN count(*) FILTER (WHERE part = 'total_heat') = count(amount) FILTER (WHERE part = 'total_heat' AND covered_s > 0)
                THEN sum(amount * to_output * window_s / nullif(covered_s, 0)) FILTER (WHERE part = 'total_heat') END AS boiler,
           min(covered_s / nullif(window_s, 0)) AS completeness
    FROM part
    GROUP BY enterprise, e, id, enpi, local_date, starts, ends, unit, output_unit, per_kgce
) AS x;

CREATE VIEW grafana.enpi_day WITH (security_barrier) AS
SELECT x.enterprise, x.enpi, coalesce(n.name_zh, x.enpi) AS name_zh, coalesce(n.name_en, x.enpi) AS name_en, n.process,
       x.local_date, x.starts AS time,
       CASE WHEN x.output > 0 AND n.basis = 'calorific' THEN x.kgce / x.output * x.per_kgce END AS value, x.unit,
       CASE WHEN x.kgce IS NULL OR x.output IS NULL OR n.basis <> 'calorific' THEN 'unknown'
            WHEN x.output <= 0 THEN 'idle' ELSE 'known' END AS state,
       x.kgce, x.output, x.output_unit, x.completeness,
       l.edition, b.level,
       CASE WHEN NOT c.missing THEN l.level1 * c.factor + c.addition END AS level1,
       CASE WHEN NOT c.missing THEN l.level2 * c.factor + c.addition END AS level2,
       CASE WHEN NOT c.missing THEN l.level3 * c.factor + c.addition END AS level3,
       CASE WHEN NOT c.missing THEN
            CASE b.level WHEN 1 THEN l.level1 WHEN 2 THEN l.level2 ELSE l.level3 END * c.factor + c.addition END AS limit_value,
       x.ends > now() AS provisional,
       CASE WHEN l.item IS NULL THEN 'none' WHEN c.declared THEN 'rules' WHEN c.absent THEN 'input missing'
            WHEN c.elsewhere THEN 'rules' ELSE 'known' END AS limit_state
FROM grafana_inner.enpi_day AS x
JOIN grafana_inner.enpi_now AS n ON n.e = x.e AND n.id = x.id
LEFT JOIN public.process AS pr ON pr.e = x.e AND pr.code = n.process
LEFT JOIN grafana_inner.limit_row AS l
    ON n.standard IN (l.standard, l.edition) AND l.item = n.item AND l.unit = x.unit
   AND x.local_date >= l.effective_from AND x.local_date <= coalesce(l.effective_to, 'infinity')
LEFT JOIN LATERAL (
    SELECT CASE WHEN pr.commissioned >= l.effective_from THEN l.new_level ELSE l.existing_level END AS level
) AS b ON l.item IS NOT NULL
LEFT JOIN LATERAL (
    -- product of the factors by their logarithms; an input that is neither declared nor required corrects nothing
    -- rules that only Python knows (tables, products, some levels only) leave no limit here, never a wrong one
    SELECT coalesce(bool_or(k.absent OR k.elsewhere OR k.declared), false) AS missing,
           coalesce(bool_or(k.absent), false) AS absent, coalesce(bool_or(k.elsewhere), false) AS elsewhere,
           coalesce(bool_or(k.declared), false) AS declared,
           coalesce(sum(k.value * CASE k.rule WHEN 'per_point_below'
                                       THEN least(greatest(k.below - k.given, 0), coalesce(k.at_most_points, 'infinity'))
                                       WHEN 'per_point_above'
                                       THEN least(greatest(k.given - k.above, 0), coalesce(k.at_most_points, 'infinity'))
                                       ELSE k.given END) FILTER (WHERE k.rule <> 'factor'), 0) AS addition,
           coalesce(exp(sum(ln(1 + (k.value - 1) * k.given)) FILTER (WHERE k.rule = 'factor')), 1) AS factor
    FROM (
        SELECT given.*, given.given IS NULL AND (given.required OR given.named) AND NOT given.declared AS absent,
               given.given IS NOT NULL AND (NOT given.every_level OR given.rule IN ('table', 'steps', 'product', 'add'))
                   AS elsewhere
        FROM (
        SELECT lc.rule, lc.value, lc.below, lc.above, lc.at_most_points, lc.required, lc.every_level,
               n.definition -> 'corrections' ->> lc.input IS NOT NULL AS named,
               EXISTS (SELECT 1 FROM jsonb_array_elements(n.definition -> 'declared') AS said (row) WHERE said.row ->> 'input' = lc.input)
                   AS declared,
               t.amount * iu.factor / lu.factor AS given
        FROM grafana_inner.limit_correction AS lc
        LEFT JOIN grafana_inner.point_now AS ip ON ip.e = x.e AND ip.code = n.definition -> 'corrections' ->> lc.input
        LEFT JOIN public.day_total AS t ON t.e = ip.e AND t.p = ip.p AND t.local_date = x.local_date
        LEFT JOIN grafana_inner.unit AS iu ON iu.symbol = ip.amount_unit
        LEFT JOIN grafana_inner.unit AS lu ON lu.symbol = lc.unit AND lu.dimension = iu.dimension
        WHERE lc.edition = l.edition AND lc.item = l.item
        ) AS given
    ) AS k
) AS c ON l.item IS NOT NULL;
COMMENT ON VIEW grafana.enpi_day IS 'EnPIs (单耗) by local day: boundary energy over qualified output (of a unit that supplies heat: less the share of heat), with the corrected levels of the limit. A day is not the statistical period: only the year judges.';
COMMENT ON COLUMN grafana.enpi_day.state IS 'known; idle: no output; unknown: an input has no amount at all.';
COMMENT ON COLUMN grafana.enpi_day.limit_state IS 'known; none: no national limit; input missing: one that the limit needs was not metered that day; rules: its correction is worked out by the rules alone, grafana.standing has the limit.';
COMMENT ON COLUMN grafana.enpi_day.level IS 'Which level binds this line: 3 existing, 2 new or expanded. Level 1 is a target only.';

CREATE VIEW grafana.enpi WITH (security_barrier) AS
SELECT v.code AS enterprise, n.code AS enpi, coalesce(n.name_zh, n.code) AS name_zh, coalesce(n.name_en, n.code) AS name_en,
       n.process, pr.kind AS process_kind, q.unit, q.output_unit, n.standard, n.item, n.id
FROM grafana_inner.visible AS v
JOIN grafana_inner.enpi_now AS n USING (e)
JOIN grafana_inner.enpi_unit AS q USING (e, id)
LEFT JOIN public.process AS pr ON pr.e = n.e AND pr.code = n.process;
COMMENT ON VIEW grafana.enpi IS 'EnPIs as defined now.';

CREATE VIEW grafana.generating_unit WITH (security_barrier) AS
SELECT v.code AS enterprise, u.code AS unit, s.valid_from, s.valid_to, n.code AS enpi, t.coarsest_s
FROM grafana_inner.visible AS v
JOIN public.generating_unit AS u USING (e)
JOIN public.generating_unit_span AS s USING (e, id)
LEFT JOIN LATERAL (
    SELECT n.id, n.code FROM grafana_inner.enpi_now AS n
    WHERE n.e = u.e AND n.definition ->> 'generating_unit' = u.code
    ORDER BY n.code LIMIT 1
) AS n ON true
LEFT JOIN LATERAL (
    SELECT max(c.period_s) AS coarsest_s
    FROM grafana_inner.enpi_term AS t JOIN grafana_inner.point_now AS c USING (e, p)
    WHERE t.e = u.e AND t.id = n.id
) AS t ON true
WHERE NOT s.retired;
COMMENT ON VIEW grafana.generating_unit IS 'Generating units as long as they were in service, [valid_from, valid_to): a fleet is all of them, also those of which nothing is known.';
COMMENT ON COLUMN grafana.generating_unit.enpi IS 'The EnPI that names it; NULL: none does, and nothing of the unit is told in these views.';
COMMENT ON COLUMN grafana.generating_unit.coarsest_s IS 'The longest period of what it is metered by: nothing finer is known of it, by its EnPI either.';
