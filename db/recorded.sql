-- name: points(e, numbers)
-- When what points are, and which meters are on them, was recorded, and from when each holds; without numbers of all
-- points. A point's own versions come first, in order of time.
SELECT p, recorded_at, holds_from
FROM (
    SELECT p, recorded_at, valid_from AS holds_from, 0 AS part FROM point_config_span
    WHERE e = :e AND (:numbers::int[] IS NULL OR p = ANY (:numbers::int[]))
    UNION ALL
    SELECT p, recorded_at, installed_at, 1 FROM installation_span
    WHERE e = :e AND (:numbers::int[] IS NULL OR p = ANY (:numbers::int[]))
) AS told
ORDER BY p, part, holds_from, recorded_at;

-- name: factors(e)
-- The same of the site's own standard-coal factors, retired ones too.
SELECT DISTINCT ON (carrier, basis, effective_from) carrier, effective_from, recorded_at
FROM site_factor
WHERE e = :e
ORDER BY carrier, basis, effective_from, recorded_at DESC;
