-- name: balance_points(e)
-- Points whose amounts add up, as they are configured now. Virtual ones are left out: their terms are counted.
SELECT point.p, point.code, c.process, c.carrier, c.role, c.parent, c.amount_unit, c.aggregate
FROM point
JOIN point_config_span AS c USING (e, p)
WHERE point.e = :e AND c.valid_to = 'infinity' AND NOT c.retired
  AND c.carrier IS NOT NULL AND c.reading <> 'virtual' AND (c.aggregate = 'sum' OR c.role = 'stock')
ORDER BY c.position;
