SELECT coalesce(enterprise, '未知 unknown') AS "企业 enterprise", reason AS "原因 reason", detail AS "细节 detail", topic AS "主题 topic",
       deliveries AS "次数 deliveries", first_seen AS "首次 first", last_seen AS "最近 last"
FROM grafana.quarantine
WHERE last_seen >= $__timeFrom()::timestamptz
ORDER BY last_seen DESC
LIMIT 200
