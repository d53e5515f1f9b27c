SELECT title_zh AS name, count(*) AS value
FROM grafana.alert
WHERE enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND NOT retracted AND fired_at <= $__timeTo()::timestamptz
  AND (resolved_at IS NULL OR resolved_at >= $__timeFrom()::timestamptz)
GROUP BY title_zh
ORDER BY 2 DESC
LIMIT 10
