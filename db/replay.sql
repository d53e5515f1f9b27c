-- name: points(enterprise)
-- Points of an enterprise as they are now, by code.
SELECT DISTINCT ON (point.p) point.e, point.p, point.code, c.reading, c.period_s, c.max_gap_s
FROM enterprise
JOIN point USING (e)
JOIN point_config_span AS c USING (e, p)
WHERE enterprise.code = :enterprise
ORDER BY point.p, c.valid_from DESC;

-- name: missing(e, p, ts, since, until)
-- Which of these readings (by place) are not stored. Their bounds spare all chunks of other times, whatever the planner
-- knows of a table that grows too fast to be analysed.
SELECT n::int AS n
FROM unnest(:p::int[], :ts::timestamptz[]) WITH ORDINALITY AS wanted (p, ts, n)
WHERE NOT EXISTS (SELECT FROM reading AS r WHERE r.e = :e AND r.p = wanted.p AND r.ts = wanted.ts
    AND r.ts BETWEEN :since AND :until);

-- name: contradicted(e, p, ts, value, since, until)$
-- How many of these readings lost against another value for their instant; bounds as above.
SELECT count(*)
FROM unnest(:p::int[], :ts::timestamptz[], :value::float8[]) AS wanted (p, ts, value)
JOIN reading AS r ON r.e = :e AND r.p = wanted.p AND r.ts = wanted.ts AND r.ts BETWEEN :since AND :until
WHERE r.value <> wanted.value;

-- name: refused(e, payload_sha256, since)
-- What came into quarantine of these payloads.
SELECT payload_sha256, reason, detail
FROM quarantine
WHERE e = :e AND payload_sha256 = ANY (:payload_sha256::bytea[]) AND last_seen >= :since;

-- name: underived(e, p)$
-- Spans of these points that the ledger has not derived yet.
SELECT count(*) FROM dirty WHERE e = :e AND p = ANY (:p::int[]);

-- name: unclosed(e, p, until)$
-- How many of these points are not closed until their instant.
SELECT count(*)
FROM unnest(:p::int[], :until::timestamptz[]) AS wanted (p, until)
LEFT JOIN point_state AS s ON s.e = :e AND s.p = wanted.p
WHERE s.closed_until IS NULL OR s.closed_until < wanted.until;
