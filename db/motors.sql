-- name: motor_versions(e)
-- Every version of every motor that is not over, retired ones too.
SELECT motor.code, v.valid_from, v.valid_to, v.recorded_at, v.retired, v.definition::text AS definition
FROM motor JOIN motor_span AS v USING (e, id)
WHERE motor.e = :e
ORDER BY motor.code, v.valid_from;

-- name: instruments(e, codes)
-- Points as configured last, with the class of the meter on each and how far the ledger is.
SELECT point.p, point.code, c.amount_unit, c.aggregate, s.first_ts, s.closed_until, i.accuracy_class, i.calibrated
FROM point
JOIN LATERAL (
    SELECT amount_unit, aggregate FROM point_config_span AS k
    WHERE k.e = point.e AND k.p = point.p ORDER BY k.valid_from DESC LIMIT 1
) AS c ON true
LEFT JOIN point_state AS s USING (e, p)
LEFT JOIN LATERAL (
    SELECT accuracy_class, calibrated FROM installation_span AS k
    WHERE k.e = point.e AND k.p = point.p ORDER BY k.installed_at DESC LIMIT 1
) AS i ON true
WHERE point.e = :e AND point.code = ANY (:codes::text[]);

-- name: quarter_hours(e, points, starts, ends)
-- Closed quarter hours of points, each over a span of its own.
SELECT s.p, i.start, i.amount, i.covered_s, i.estimated_s
FROM unnest(:points::int[], :starts::timestamptz[], :ends::timestamptz[]) AS s (p, starts, ends)
CROSS JOIN LATERAL ledger_rows(:e, s.p, s.starts, s.ends) AS i
ORDER BY s.p, i.start;
