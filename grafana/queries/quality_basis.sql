SELECT s.time, coalesce(l.basis_code, 3)::int AS "依据 basis"
FROM generate_series(date_bin(interval '15 minutes', $__timeFrom()::timestamptz, timestamptz '2000-01-01 00:00:00+00'),
                     least($__timeTo()::timestamptz, now()) - interval '30 minutes', interval '15 minutes') AS s (time)
LEFT JOIN (
    SELECT time, basis_code
    FROM grafana.ledger
    WHERE enterprise = ${enterprise:sqlstring} AND point = ${point:sqlstring} AND $__timeFilter(time)
) AS l ON l.time = s.time
WHERE s.time >= $__timeTo()::timestamptz - interval '14 days'
ORDER BY s.time
