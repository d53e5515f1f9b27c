SELECT to_char(local_date, 'YYYY-MM-DD') AS "日期 day", value AS "单耗 EnPI", unit AS "单位 unit", limit_value AS "限额 limit",
       limit_value - value AS "距限额 distance", level AS "约束等级 level", edition AS "标准 edition", 100 * completeness AS "完整率 completeness",
       CASE WHEN state = 'unknown' THEN '未知 unknown' WHEN state = 'idle' THEN '停产 idle' WHEN limit_state = 'none' THEN '无限额 no limit'
            WHEN limit_state = 'input missing' THEN '限额未知：缺输入 limit unknown: input missing' WHEN limit_value IS NULL THEN '见规则判定 see rules'
            WHEN completeness < 0.9 THEN '数据不足 withheld' WHEN value > limit_value THEN '超限 over' ELSE '达标 within' END AS "结论 verdict"
FROM grafana.enpi_day
WHERE enterprise = ${enterprise:sqlstring} AND enpi = ${enpi:sqlstring} AND NOT provisional
  AND local_date >= greatest(($__timeFrom()::timestamptz)::date, ($__timeTo()::timestamptz)::date - 92) AND $__timeFilter(time)
ORDER BY local_date DESC
