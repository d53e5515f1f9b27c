-- name: unit_versions(e)
-- Every version of every generating unit, retired ones too.
SELECT u.code, v.valid_from, v.valid_to, v.recorded_at, v.retired, v.definition::text AS definition
FROM generating_unit AS u JOIN generating_unit_span AS v USING (e, id)
WHERE u.e = :e
ORDER BY u.code, v.valid_from;
