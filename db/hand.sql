-- name: lock_reading(e, p, ts)^
-- What holds for an instant; nobody changes it until the transaction ends. An upsert that changes nothing locks the
-- row, also in compressed chunks.
WITH held AS MATERIALIZED (
    SELECT r.start, r.value, r.quality, r.origin, r.received_at FROM reading AS r
    WHERE r.e = :e AND r.p = :p AND r.ts = :ts
),
locked AS (
    INSERT INTO reading AS r (e, p, ts, start, value, quality, origin, received_at)
    SELECT :e, :p, :ts, start, value, quality, origin, received_at FROM held
    ON CONFLICT (e, p, ts) DO UPDATE SET value = r.value WHERE false
)
SELECT start, value, quality, origin, received_at FROM held;

-- name: set_aside(e, p, ts)!
-- The reading that held is kept beside, so that a later entry may take its place.
INSERT INTO reading_revision (e, p, ts, start, value, quality, origin, received_at)
SELECT e, p, ts, start, value, quality, origin, received_at FROM reading WHERE e = :e AND p = :p AND ts = :ts
ON CONFLICT DO NOTHING;

-- name: put_by_hand(e, p, ts, start, value, received_at)!
INSERT INTO reading (e, p, ts, start, value, quality, origin, received_at)
VALUES (:e, :p, :ts, :start, :value, 0, 2, :received_at)
ON CONFLICT (e, p, ts) DO UPDATE
SET start = excluded.start, value = excluded.value, quality = 0, origin = 2, received_at = excluded.received_at;

-- name: last_entry(e, p, ts)$
SELECT max(id) FROM hand_entry WHERE e = :e AND p = :p AND ts = :ts;

-- name: write_entry(e, p, start, ts, value, before_value, before_origin, corrects, reason, actor, entered_at)$
INSERT INTO hand_entry (e, p, start, ts, value, before_value, before_origin, corrects, reason, actor, entered_at)
VALUES (:e, :p, :start, :ts, :value, :before_value, :before_origin, :corrects, :reason, :actor, :entered_at)
RETURNING id;

-- name: entries(e, p, before, n)
-- Entries of an enterprise, the last one first. `corrected_by`: the entry that took its place.
SELECT h.id, point.code AS point, c.unit, h.start, h.ts, h.value, h.before_value, h.before_origin, h.corrects, h.reason,
       h.actor, h.entered_at,
       (SELECT min(later.id) FROM hand_entry AS later WHERE later.e = h.e AND later.corrects = h.id) AS corrected_by
FROM hand_entry AS h
JOIN point USING (e, p)
JOIN point_config_span AS c ON c.e = h.e AND c.p = h.p AND c.valid_to = 'infinity'
WHERE h.e = :e AND (:p::int IS NULL OR h.p = :p) AND (:before::bigint IS NULL OR h.id < :before)
ORDER BY h.id DESC
LIMIT :n;

-- name: sealed_before(e, p)$
SELECT sealed_before FROM point_state WHERE e = :e AND p = :p;

-- name: contradicted(e, ps, tss, values)
-- Rows of a request that another reading by hand stands against.
SELECT w.n::int - 1 AS n
FROM unnest(:ps::int[], :tss::timestamptz[], :values::float8[]) WITH ORDINALITY AS w (p, ts, value, n)
JOIN reading AS r ON r.e = :e AND r.p = w.p AND r.ts = w.ts
WHERE r.origin = 2 AND r.value <> w.value
ORDER BY w.n;

-- name: write_batch(e, points, readings, corrected, first_ts, last_ts, reason, actor, entered_at)$
INSERT INTO hand_batch (e, points, readings, corrected, first_ts, last_ts, reason, actor, entered_at)
VALUES (:e, :points::text[], :readings, :corrected, :first_ts, :last_ts, :reason, :actor, :entered_at)
RETURNING id;

-- name: batches(e, n)
-- The last one first.
SELECT id, points, readings, corrected, first_ts, last_ts, reason, actor, entered_at
FROM hand_batch WHERE e = :e ORDER BY id DESC LIMIT :n;

-- name: by_hand(e, p, t0, t1, n)
-- Readings of a point that somebody entered, the last first.
SELECT ts, start, value, received_at FROM reading
WHERE e = :e AND p = :p AND ts >= :t0 AND ts < :t1 AND origin = 2
ORDER BY ts DESC LIMIT :n;
