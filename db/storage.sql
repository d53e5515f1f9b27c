-- Size, compression and retention of readings.

-- name: table_sizes()
-- Ordinary tables, largest first. Of a hypertable this is the empty root; see chunks.
SELECT c.relname AS name, greatest(c.reltuples, 0)::bigint AS rows, pg_table_size(c.oid) AS heap,
       pg_indexes_size(c.oid) AS indexes
FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY pg_total_relation_size(c.oid) DESC, c.relname;

-- name: chunks(hypertable)
-- A hypertable's chunks, oldest first. A chunk of the columnstore whose heap is not empty took late rows since.
SELECT format('%I.%I', c.chunk_schema, c.chunk_name) AS name, c.range_start, c.range_end, c.is_compressed AS compressed,
       pg_relation_size(format('%I.%I', c.chunk_schema, c.chunk_name)::regclass) AS pending,
       d.total_bytes AS bytes
FROM timescaledb_information.chunks AS c
JOIN chunks_detailed_size(:hypertable::text::regclass) AS d USING (chunk_schema, chunk_name)
WHERE c.hypertable_schema = 'public' AND c.hypertable_name = :hypertable
ORDER BY c.range_start;

-- name: approximate_rows(hypertable)$
SELECT approximate_row_count(:hypertable::text::regclass);

-- name: compress_chunk(name)^
SELECT bytes_before, bytes_after FROM compress_reading_chunk(:name::text::regclass);

-- name: take_turn(key)$
SELECT pg_try_advisory_xact_lock(:key);

-- name: oldest_reading()$
-- One step down the key for every point.
SELECT min(first.ts)
FROM point
CROSS JOIN LATERAL (
    SELECT r.ts FROM reading AS r WHERE r.e = point.e AND r.p = point.p ORDER BY r.ts LIMIT 1
) AS first;

-- name: waiting_before(instant)$
-- Spans before it that the ledger has not derived yet.
SELECT count(*) FROM dirty WHERE from_ts < :instant;

-- name: seal(cutoff, kept)
-- Seal every point that has readings before the cutoff, at the quarter hour from which on derivation needs none of
-- them: after its `kept`th good reading that stays, and after what a reading before the cutoff may hold for.
UPDATE point_state AS s
SET sealed_before = goal.seal
FROM (
    SELECT old.e, old.p,
           date_bin('15 minutes', greatest(stays.ts, :cutoff + make_interval(secs => coalesce(c.gap_s, 0)))
                                  + INTERVAL '15 minutes', timestamptz '2000-01-01 00:00:00+00') AS seal
    FROM point_state AS old
    LEFT JOIN LATERAL (
        SELECT max(v.max_gap_s) AS gap_s FROM point_config AS v WHERE v.e = old.e AND v.p = old.p
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT max(r.ts) AS ts FROM (
            SELECT r.ts FROM reading AS r
            WHERE r.e = old.e AND r.p = old.p AND r.ts >= :cutoff AND r.quality < 2
            ORDER BY r.ts
            LIMIT :kept
        ) AS r
    ) AS stays ON true
    WHERE EXISTS (SELECT 1 FROM reading AS r WHERE r.e = old.e AND r.p = old.p AND r.ts < :cutoff)
) AS goal
WHERE s.e = goal.e AND s.p = goal.p AND (s.sealed_before IS NULL OR s.sealed_before < goal.seal)
RETURNING s.e, s.p, s.sealed_before;

-- name: tell_config(payload)$
SELECT pg_notify('enms_config', :payload)::text;

-- name: drop_chunks(cutoff)
SELECT name FROM drop_reading_chunks(:cutoff) AS name;

-- name: point_numbers()
SELECT e, p FROM point ORDER BY e, p;

-- name: delete_readings(e, p, cutoff)!
DELETE FROM reading WHERE e = :e AND p = :p AND ts < :cutoff;

-- name: delete_revisions(e, p, cutoff)!
DELETE FROM reading_revision WHERE e = :e AND p = :p AND ts < :cutoff;

-- name: delete_quarantine(before)!
DELETE FROM quarantine WHERE last_seen < :before;

-- name: delete_messages(before)!
-- Messages that came to their end, of alerts that did: an open one's say whom to tell of its end.
DELETE FROM outbox AS o USING alert AS a
WHERE a.e = o.e AND a.id = o.alert AND a.state = 'resolved' AND a.resolved_at < :before
  AND coalesce(o.sent_at, o.gave_up_at) < :before;
