-- name: rosters(e)
-- Of those that start on one day the last entered.
SELECT DISTINCT ON (starts) starts, definition::text AS definition, actor, recorded_at
FROM roster WHERE e = :e
ORDER BY starts, id DESC;

-- name: overrides(e, first, last)
-- Of one shift the last entered.
SELECT DISTINCT ON (day, shift) day, shift, crew, reason, actor
FROM roster_override WHERE e = :e AND day >= :first AND day <= :last
ORDER BY day, shift, id DESC;

-- name: write_roster(e, starts, definition, actor, recorded_at)!
INSERT INTO roster (e, starts, definition, actor, recorded_at)
VALUES (:e, :starts, :definition, :actor, :recorded_at);

-- name: write_override(e, day, shift, crew, reason, actor, recorded_at)$
INSERT INTO roster_override (e, day, shift, crew, reason, actor, recorded_at)
VALUES (:e, :day, :shift, :crew, :reason, :actor, :recorded_at)
RETURNING id;
