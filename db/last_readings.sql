-- name: last_good(codes)
-- The newest good or suspect reading of every point of these enterprises, one step down the key each.
SELECT en.code AS enterprise, pt.code AS point, n.ts, n.value
FROM enterprise AS en
JOIN point AS pt ON pt.e = en.e
CROSS JOIN LATERAL (
    SELECT r.ts, r.value
    FROM reading AS r
    WHERE r.e = pt.e AND r.p = pt.p AND r.quality < 2
    ORDER BY r.ts DESC
    LIMIT 1
) AS n
WHERE en.code = ANY(:codes::text[]);
