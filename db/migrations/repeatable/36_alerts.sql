-- What holds an open operational alert's messages back at an instant of the clock; NULL: nothing.
--
-- A planned outage of its subject, of the subject's process or one above: until it ends, or for half an hour more where
-- the alert fired within it (the quarter hours after it have to close first). Else an open data-quality alert about one
-- of its inputs that fired before it did, unless the alert is confirmed whatever that meter said.
--
-- Of one clock that is off one alert speaks: the first of those open that began in the same quarter hour, or the next to
-- it, and are off by about as much (which gateway a point is read by is not known here). And what a clock that was set back
-- made of a point's register is held back by the alert about that clock, as long as there is one within two hours of it.
CREATE OR REPLACE FUNCTION alert_suppressor(wanted_e integer, wanted bigint, clock timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE it AS (
        SELECT a.e, a.id, a.subject, a.kind, a.started_at, a.fired_at, a.value, a.certainty,
               v.definition -> 'condition' AS condition
        FROM alert AS a JOIN rule_version AS v ON v.e = a.e AND v.rule = a.rule AND v.version = a.rule_version
        WHERE a.e = wanted_e AND a.id = wanted AND a.state = 'firing' AND a.purpose = 'operational'
    ),
    home AS (
        SELECT k.process FROM it JOIN point USING (e)
        JOIN point_config_span AS k ON k.e = point.e AND k.p = point.p AND k.valid_to = 'infinity'
        WHERE point.code = it.subject
        UNION ALL
        SELECT s.definition ->> 'process' FROM it JOIN motor AS m ON m.e = it.e AND m.code = it.subject
        JOIN motor_span AS s ON s.e = m.e AND s.id = m.id AND s.valid_to = 'infinity'
        UNION ALL
        SELECT s.definition ->> 'process' FROM it JOIN enpi AS n ON n.e = it.e AND n.code = it.subject
        JOIN enpi_span AS s ON s.e = n.e AND s.id = n.id AND s.valid_to = 'infinity'
    ),
    place (code) AS (
        SELECT process FROM home WHERE process IS NOT NULL
        UNION
        SELECT p.parent FROM place JOIN process AS p ON p.e = wanted_e AND p.code = place.code WHERE p.parent IS NOT NULL
    ),
    outages AS (
        SELECT o.id FROM it JOIN outage AS o USING (e)
        WHERE o.cancelled_at IS NULL AND o.from_ts <= clock
          AND (clock < o.to_ts
               OR (clock < o.to_ts + interval '30 min' AND it.fired_at >= o.from_ts AND it.fired_at <= o.to_ts))
          AND (o.subject IS NULL OR o.subject = it.subject OR o.subject IN (SELECT code FROM place))
        ORDER BY o.to_ts DESC, o.id LIMIT 1
    ),
    stands_on AS (
        SELECT i ->> 'point' AS code
        FROM it
        JOIN LATERAL (
            SELECT body::jsonb AS body FROM evidence WHERE e = it.e AND alert = it.id ORDER BY version DESC LIMIT 1
        ) AS v ON true
        CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(v.body -> 'inputs') WHEN 'array' THEN v.body -> 'inputs' ELSE '[]' END) AS i
        WHERE it.kind <> 'data_quality' AND it.certainty IS DISTINCT FROM 'confirmed'
    ),
    doubts AS (
        SELECT a.id FROM it JOIN alert AS a USING (e)
        WHERE a.state = 'firing' AND a.kind = 'data_quality' AND a.fired_at < it.fired_at
          AND a.subject IN (SELECT code FROM stands_on)
        ORDER BY a.id LIMIT 1
    ),
    clocks AS (
        SELECT a.id FROM it JOIN alert AS a USING (e)
        JOIN rule_version AS v ON v.e = a.e AND v.rule = a.rule AND v.version = a.rule_version
        WHERE it.kind = 'data_quality' AND a.kind = 'data_quality' AND a.id <> it.id AND NOT a.retracted
          AND v.definition #>> '{condition,check}' = 'clock_skew'
          AND CASE it.condition ->> 'check'
              WHEN 'clock_skew' THEN
                  a.state = 'firing' AND a.id < it.id AND abs(a.value - it.value) <= greatest(60, 0.1 * it.value)
                  AND a.started_at BETWEEN it.started_at - interval '15 min' AND it.started_at + interval '15 min'
              WHEN 'register' THEN
                  it.condition ->> 'caused_by' = 'clock' AND a.subject = it.subject
                  AND a.started_at <= it.started_at + interval '2 hours'
                  AND (a.resolved_at IS NULL OR a.resolved_at >= it.started_at - interval '2 hours')
              ELSE false END
        ORDER BY a.id LIMIT 1
    )
    SELECT coalesce((SELECT 'outage/' || id FROM outages), (SELECT 'alert/' || id FROM doubts),
                    (SELECT 'alert/' || id FROM clocks))
$$;
