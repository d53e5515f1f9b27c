SELECT started_at AS time, coalesce(resolved_at, now()) AS timeend, title_zh || ' · ' || subject AS text, severity AS tags
FROM grafana.alert
WHERE enterprise = ${enterprise:sqlstring} AND started_at <= $__timeTo()::timestamptz
  AND (resolved_at IS NULL OR resolved_at >= $__timeFrom()::timestamptz) AND NOT retracted
ORDER BY started_at DESC
LIMIT 200
