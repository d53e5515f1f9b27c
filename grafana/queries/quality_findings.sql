SELECT enterprise AS "企业 enterprise", point AS "计量点 point", kind AS "发现 finding", from_ts AS "从 from", to_ts AS "至 to", detail AS "细节 detail"
FROM grafana.finding
WHERE enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND from_ts <= $__timeTo()::timestamptz
  AND (to_ts IS NULL OR to_ts >= $__timeFrom()::timestamptz)
ORDER BY from_ts DESC
LIMIT 200
