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

-- name: one_at_a_time(e)$
-- Nobody else enters anything of this enterprise until the transaction ends: of two clicks the second finds the first.
SELECT pg_advisory_xact_lock(x'656E6D68'::int, :e)::text; -- "enmh"

-- name: last_entry(e, p, ts)^
SELECT id, start, value, reason, actor FROM hand_entry
WHERE e = :e AND p = :p AND ts = :ts
ORDER BY id DESC LIMIT 1;

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

-- name: contradicted(e, ps, tss, starts, values)
-- Rows of a request that another reading by hand stands against, by its value or by when its span began.
SELECT w.n::int - 1 AS n
FROM unnest(:ps::int[], :tss::timestamptz[], :starts::timestamptz[], :values::float8[])
    WITH ORDINALITY AS w (p, ts, start, value, n)
JOIN reading AS r ON r.e = :e AND r.p = w.p AND r.ts = w.ts
WHERE r.origin = 2 AND (r.value, r.start) IS DISTINCT FROM (w.value, w.start)
ORDER BY w.n;

-- name: write_batch(e, points, readings, corrected, first_ts, last_ts, reason, actor, entered_at)$
INSERT INTO hand_batch (e, points, readings, corrected, first_ts, last_ts, reason, actor, entered_at)
VALUES (:e, :points::text[], :readings, :corrected, :first_ts, :last_ts, :reason, :actor, :entered_at)
RETURNING id;

-- name: same_batch(e, ps, tss, starts, values, n, reason, actor)$
-- The entry of these very readings by the same person for the same reason, if none of them was corrected since.
WITH held AS (
    SELECT DISTINCT ON (w.p, w.ts) h.batch, (h.value, h.start) IS NOT DISTINCT FROM (w.value, w.start) AS same
    FROM unnest(:ps::int[], :tss::timestamptz[], :starts::timestamptz[], :values::float8[]) AS w (p, ts, start, value)
    LEFT JOIN hand_reading AS h ON h.e = :e AND h.p = w.p AND h.ts = w.ts
    ORDER BY w.p, w.ts, h.batch DESC
)
SELECT b.id
FROM (SELECT min(batch) AS id FROM held HAVING bool_and(same) AND min(batch) = max(batch)) AS one
JOIN hand_batch AS b ON b.e = :e AND b.id = one.id
WHERE b.readings = :n AND b.reason = :reason AND b.actor = :actor;

-- name: write_readings(e, batch, ps, tss, starts, values)!
INSERT INTO hand_reading (e, batch, p, ts, start, value)
SELECT :e, :batch, p, ts, start, value
FROM unnest(:ps::int[], :tss::timestamptz[], :starts::timestamptz[], :values::float8[]) AS w (p, ts, start, value);

-- name: entered_readings(e, n)
-- Readings as they were entered, the last entry first; corrects and corrected_by are numbers of entries.
SELECT h.batch, point.code AS point, c.unit, h.ts, h.start, h.value, b.reason, b.actor, b.entered_at,
       (SELECT max(o.batch) FROM hand_reading AS o WHERE o.e = h.e AND o.p = h.p AND o.ts = h.ts AND o.batch < h.batch)
           AS corrects,
       (SELECT min(o.batch) FROM hand_reading AS o WHERE o.e = h.e AND o.p = h.p AND o.ts = h.ts AND o.batch > h.batch)
           AS corrected_by
FROM hand_reading AS h
JOIN hand_batch AS b ON b.e = h.e AND b.id = h.batch
JOIN point ON point.e = h.e AND point.p = h.p
JOIN point_config_span AS c ON c.e = h.e AND c.p = h.p AND c.valid_to = 'infinity'
WHERE h.e = :e
ORDER BY h.batch DESC, h.ts DESC, point.code
LIMIT :n;

-- name: batches(e, n)
-- The last one first.
SELECT id, points, readings, corrected, first_ts, last_ts, reason, actor, entered_at
FROM hand_batch WHERE e = :e ORDER BY id DESC LIMIT :n;

-- name: by_hand(e, p, t0, t1, n)
-- Readings of a point that somebody entered, the last first.
SELECT ts, start, value, received_at FROM reading
WHERE e = :e AND p = :p AND ts >= :t0 AND ts < :t1 AND origin = 2
ORDER BY ts DESC LIMIT :n;
