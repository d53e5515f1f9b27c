-- name: entered(e, enpi)
SELECT id, enpi, input, value, since, until, evidence, actor, recorded_at, withdrawn_at, withdrawn_by
FROM correction_input
WHERE e = :e AND (:enpi::text IS NULL OR enpi = :enpi)
ORDER BY id;

-- name: last_input(e, enpi, input)^
SELECT id, value, since, until, evidence, actor FROM correction_input
WHERE e = :e AND enpi = :enpi AND input = :input AND withdrawn_at IS NULL
ORDER BY id DESC LIMIT 1;

-- name: enter(e, enpi, input, value, since, until, evidence, actor, recorded_at)$
INSERT INTO correction_input (e, enpi, input, value, since, until, evidence, actor, recorded_at)
VALUES (:e, :enpi, :input, :value, :since, :until, :evidence, :actor, :recorded_at)
RETURNING id;

-- name: withdraw(e, id, actor, now)$
-- Nothing where it is not there, or withdrawn already.
UPDATE correction_input SET withdrawn_at = :now, withdrawn_by = :actor
WHERE e = :e AND id = :id AND withdrawn_at IS NULL
RETURNING id;
