SELECT s.time, count(a.id) FILTER (WHERE a.severity = 'critical') AS "紧急 critical",
       count(a.id) FILTER (WHERE a.severity = 'warning') AS "警告 warning", count(a.id) FILTER (WHERE a.severity = 'notice') AS "提示 notice"
FROM generate_series($__timeFrom()::timestamptz, least($__timeTo()::timestamptz, now()),
                     greatest(interval '$__interval', interval '15 minutes')) AS s (time)
LEFT JOIN (
    SELECT id, severity, started_at, coalesce(resolved_at, 'infinity') AS resolved_at
    FROM grafana.alert
    WHERE enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND NOT retracted AND fired_at <= $__timeTo()::timestamptz
      AND (resolved_at IS NULL OR resolved_at >= $__timeFrom()::timestamptz)
) AS a ON a.started_at <= s.time AND a.resolved_at > s.time
GROUP BY s.time
ORDER BY s.time
