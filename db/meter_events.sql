-- name: lock_point(e, code)^
-- One event of a point at a time.
SELECT p FROM point WHERE e = :e AND code = :code FOR UPDATE;

-- name: sealed_before(e, p)$
SELECT sealed_before FROM point_state WHERE e = :e AND p = :p;

-- name: installed_at(e, p, at)^
-- The meter on a point at an instant, an event of that very instant included.
SELECT installed_at, recorded_at, kind, final_value, initial_value, multiplier, register_max, resolution, accuracy_class, calibrated
FROM installation_span
WHERE e = :e AND p = :p AND installed_at <= :at AND :at < removed_at;

-- name: installed_before(e, p, at)^
SELECT installed_at, kind, final_value, initial_value, multiplier, register_max, resolution, accuracy_class, calibrated
FROM installation_span
WHERE e = :e AND p = :p AND installed_at < :at
ORDER BY installed_at DESC
LIMIT 1;
