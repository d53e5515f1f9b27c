SELECT s.name, count(c.number) AS value
FROM (VALUES (1, 'opened', '已立案 opened'), (2, 'notified', '已告知 notified'), (3, 'ordered', '限期整改中 ordered'),
             (4, 'verified', '整改已核验 verified'), (5, 'closed', '已结案 closed'), (6, 'withdrawn', '已撤案 withdrawn'))
     AS s (n, state, name)
LEFT JOIN (
    SELECT number, state FROM grafana.inspection_case
    WHERE enterprise = ANY (ARRAY[${enterprises:sqlstring}]::text[]) AND opened_at <= $__timeTo()::timestamptz
      AND (is_open OR over_at >= $__timeFrom()::timestamptz)
) AS c USING (state)
GROUP BY s.n, s.name
ORDER BY s.n
