-- name: registry()
-- Every enterprise with every point as it is now (the last version in time), for ingest to know them by code.
SELECT enterprise.e, enterprise.code AS enterprise, point.p, point.code AS point,
       c.reading, CASE WHEN c.retired THEN c.valid_from END AS retired_from, point_state.sealed_before
FROM (SELECT * FROM enterprise WHERE scope = 'plant') AS enterprise
LEFT JOIN point USING (e)
LEFT JOIN (
    SELECT DISTINCT ON (e, p) e, p, reading, retired, valid_from
    FROM point_config_span
    ORDER BY e, p, valid_from DESC
) AS c USING (e, p)
LEFT JOIN point_state USING (e, p);

-- name: create_incoming()!
-- Where the staged way gathers a batch. It is the session's own and empty outside a transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS incoming (LIKE reading) ON COMMIT DELETE ROWS;

-- name: clear_incoming()!
-- Only the halves of a batch with a bad row find anything here.
DELETE FROM incoming;

-- name: insert_new(low, high)
-- In key order, so that two writers wait for each other in one direction only. Instants for which there is a
-- reading already stay behind. The columns are named in ON CONFLICT because hypertables refuse a constraint there.
INSERT INTO reading (e, p, ts, start, value, quality, origin, received_at)
SELECT e, p, ts, start, value, quality, origin, received_at
FROM incoming
WHERE ts BETWEEN :low AND :high
ORDER BY e, p, ts
ON CONFLICT (e, p, ts) DO NOTHING
RETURNING e, p, ts, start;

-- name: lock_contradicted(low, high)$
-- A statement of its own: the snapshot of the next one then shows what these locks hold still. low and high let
-- hypertables leave chunks out. An upsert that changes nothing locks the rows it meets; SELECT FOR UPDATE is refused
-- in compressed chunks, and an upsert unpacks only the batches it meets.
WITH contradicted AS MATERIALIZED (
    SELECT i.*
    FROM reading AS r
    JOIN incoming AS i USING (e, p, ts)
    WHERE r.ts BETWEEN :low AND :high
      AND ((i.value, i.quality, i.start) IS DISTINCT FROM (r.value, r.quality, r.start)
           OR (i.origin, r.received_at) > (r.origin, i.received_at))
),
locked AS (
    INSERT INTO reading AS r (e, p, ts, start, value, quality, origin, received_at)
    SELECT e, p, ts, start, value, quality, origin, received_at FROM contradicted ORDER BY e, p, ts
    ON CONFLICT (e, p, ts) DO UPDATE SET value = r.value WHERE false
)
SELECT count(*) FROM contradicted;

-- name: keep_losers(low, high)!
-- The correction rule: of several readings for one instant the greatest (origin, first received, value) holds;
-- quality and start only make the order total. The other one is kept, unless it says the same.
INSERT INTO reading_revision (e, p, ts, start, value, quality, origin, received_at)
SELECT e, p, ts,
       CASE WHEN wins THEN r_start ELSE i_start END, CASE WHEN wins THEN r_value ELSE i_value END,
       CASE WHEN wins THEN r_quality ELSE i_quality END, CASE WHEN wins THEN r_origin ELSE i_origin END,
       CASE WHEN wins THEN r_received_at ELSE i_received_at END
FROM (
    SELECT e, p, ts,
           r.start AS r_start, r.value AS r_value, r.quality AS r_quality, r.origin AS r_origin,
           r.received_at AS r_received_at,
           i.start AS i_start, i.value AS i_value, i.quality AS i_quality, i.origin AS i_origin,
           i.received_at AS i_received_at,
           (i.origin, r.received_at, i.value, r.quality, coalesce(i.start, '-infinity'))
           > (r.origin, i.received_at, r.value, i.quality, coalesce(r.start, '-infinity')) AS wins
    FROM reading AS r
    JOIN incoming AS i USING (e, p, ts)
    WHERE r.ts BETWEEN :low AND :high
      AND (i.value, i.quality, i.start) IS DISTINCT FROM (r.value, r.quality, r.start)
) AS pairs
ORDER BY e, p, ts
ON CONFLICT DO NOTHING;

-- name: replace_beaten(low, high)
-- The same order as in keep_losers. Returned start: the earliest instant either reading covers.
WITH beaten AS MATERIALIZED (
    SELECT i.*, least(i.start, r.start) AS earliest
    FROM incoming AS i
    JOIN reading AS r USING (e, p, ts)
    WHERE r.ts BETWEEN :low AND :high
      AND (i.origin, r.received_at, i.value, r.quality, coalesce(i.start, '-infinity'))
          > (r.origin, i.received_at, r.value, i.quality, coalesce(r.start, '-infinity'))
),
replaced AS (
    INSERT INTO reading (e, p, ts, start, value, quality, origin, received_at)
    SELECT e, p, ts, start, value, quality, origin, received_at FROM beaten ORDER BY e, p, ts
    ON CONFLICT (e, p, ts) DO UPDATE
    SET start = excluded.start, value = excluded.value, quality = excluded.quality, origin = excluded.origin,
        received_at = excluded.received_at
)
SELECT e, p, ts, earliest AS start FROM beaten;

-- name: keep_revisions(e, p, ts, start, value, quality, origin, received_at)!
-- Readings that lost within one batch. Instants are microseconds; a double holds them exactly until the year 2255.
INSERT INTO reading_revision (e, p, ts, start, value, quality, origin, received_at)
SELECT e, p, 'epoch'::timestamptz + ts * INTERVAL '1 microsecond',
       'epoch'::timestamptz + start * INTERVAL '1 microsecond', value, quality, origin,
       'epoch'::timestamptz + received_at * INTERVAL '1 microsecond'
FROM unnest(:e::int[], :p::int[], :ts::bigint[], :start::bigint[], :value::float8[], :quality::int[], :origin::int[],
            :received_at::bigint[]) AS row (e, p, ts, start, value, quality, origin, received_at)
ORDER BY e, p, ts
ON CONFLICT DO NOTHING;

-- name: mark_dirty(e, p, from_ts, to_ts, enterprises)^
-- What the ledger has to derive again, and who is told. Instants are microseconds.
WITH marked AS (
    INSERT INTO dirty (e, p, from_ts, to_ts)
    SELECT e, p, 'epoch'::timestamptz + from_ts * INTERVAL '1 microsecond',
           'epoch'::timestamptz + to_ts * INTERVAL '1 microsecond'
    FROM unnest(:e::int[], :p::int[], :from_ts::bigint[], :to_ts::bigint[]) AS span (e, p, from_ts, to_ts)
)
SELECT pg_notify('enms_dirty', '')::text, pg_notify('enms_reading', :enterprises)::text;

-- name: put_in_quarantine(e, payload_sha256, reason, detail, topic, payload, payload_bytes, first_seen, last_seen, count)!
-- Keyed by content: what a broker delivers again adds to the count, not a row.
INSERT INTO quarantine (
    e, payload_sha256, reason, detail, topic, payload, payload_bytes, first_seen, last_seen, count)
SELECT * FROM unnest(
    :e::int[], :payload_sha256::bytea[], :reason::text[], :detail::text[], :topic::text[], :payload::bytea[],
    :payload_bytes::int[], :first_seen::timestamptz[], :last_seen::timestamptz[], :count::bigint[]
) AS row (e, payload_sha256, reason, detail, topic, payload, payload_bytes, first_seen, last_seen, count)
ORDER BY e, payload_sha256, reason
ON CONFLICT (e, payload_sha256, reason) DO UPDATE SET
    detail = excluded.detail, topic = excluded.topic,
    first_seen = least(quarantine.first_seen, excluded.first_seen),
    last_seen = greatest(quarantine.last_seen, excluded.last_seen),
    count = quarantine.count + excluded.count;
