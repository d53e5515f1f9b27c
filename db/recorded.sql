-- name: take_instant(now)$
-- After every instant that was taken before; nobody else takes one until the transaction is over.
INSERT INTO recorded_clock AS k (at) VALUES (:now)
ON CONFLICT (one) DO UPDATE SET at = greatest(k.at + interval '1 microsecond', excluded.at)
RETURNING at;

-- name: points(e, numbers)
-- When what points are, and which meters are on them, was recorded, and from when each holds; without numbers of all
-- points. A point's own versions come first, in order of time. Of meters only what changes a figure counts, against the
-- meter before it or what was recorded of it before: that one was calibrated tells the past nothing.
SELECT p, part = 1 AS meter, recorded_at, holds_from
FROM (
    SELECT p, recorded_at, valid_from AS holds_from, 0 AS part FROM point_config_span
    WHERE e = :e AND (:numbers::int[] IS NULL OR p = ANY (:numbers::int[]))
    UNION ALL
    SELECT p, recorded_at, installed_at, 1
    FROM (
        SELECT p, recorded_at, installed_at, figures,
               lag(figures) OVER (PARTITION BY p ORDER BY installed_at, recorded_at) AS before
        FROM (
            SELECT p, recorded_at, installed_at, ARRAY[multiplier, register_max, resolution, accuracy_class] AS figures
            FROM installation WHERE e = :e AND (:numbers::int[] IS NULL OR p = ANY (:numbers::int[]))
        ) AS said
    ) AS meter
    WHERE figures IS DISTINCT FROM before
) AS told
ORDER BY p, part, holds_from, recorded_at;

-- name: factors(e)
-- The same of the site's own standard-coal factors, retired ones too.
SELECT DISTINCT ON (carrier, basis, effective_from) carrier, effective_from, recorded_at
FROM site_factor
WHERE e = :e
ORDER BY carrier, basis, effective_from, recorded_at DESC;
