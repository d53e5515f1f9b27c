-- Each year of a budget is judged by its own plan. Budgets that went from one year to the next under the same code were
-- judged by the last one's throughout: their years are judged again.

UPDATE rule_subject AS s
SET redo_from = 'epoch'
FROM (
    SELECT budget.e, budget.code
    FROM budget JOIN budget_version USING (e, id)
    GROUP BY budget.e, budget.code
    HAVING count(DISTINCT definition ->> 'year') > 1
) AS rolled
WHERE s.e = rolled.e AND s.subject = rolled.code AND s.ended_at IS NULL
  AND EXISTS (
      SELECT FROM rule_version AS v WHERE v.e = s.e AND v.rule = s.rule AND v.version = s.version AND v.kind = 'budget');
