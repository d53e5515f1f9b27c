-- The ledger's bookkeeping: which points have work, what the comparison of the draft with the ledger publishes, and
-- what follows from it.

-- name: pick(after_e, after_p, n, settle_s, longest_s, share, shares)
-- Points with dirty spans, from a point on, from at most n spans. A span that begins where nothing is closed yet is
-- ripe at once. One that reaches back waits until no other came for settle_s, at most longest_s: a burst of late
-- data then makes one revision, and a first backfill publishes once. Of several workers each has its share of points.
SELECT e, p, max(id) AS last_id, count(*) AS spans, bool_or(NOT late) AS ahead,
       coalesce(max(written_at) FILTER (WHERE late) < clock_timestamp() - make_interval(secs => :settle_s)
                OR min(written_at) FILTER (WHERE late) < clock_timestamp() - make_interval(secs => :longest_s),
                true) AS settled
FROM (
    SELECT d.*, s.closed_until IS NULL OR d.from_ts < s.closed_until AS late
    FROM (
        SELECT * FROM dirty
        WHERE (e, p) > (:after_e, :after_p) AND p % :shares = :share
        ORDER BY e, p, id
        LIMIT :n
    ) AS d
    LEFT JOIN point_state AS s USING (e, p)
) AS pending
GROUP BY e, p
ORDER BY e, p;

-- name: due(now, n, share, shares)
-- Points whose next interval the clock has to close.
SELECT e, p FROM point_state WHERE closes_at <= :now AND p % :shares = :share ORDER BY closes_at LIMIT :n;

-- name: ensure_states(e, p)!
-- A new point falls under the seal of its enterprise.
INSERT INTO point_state (e, p, sealed_before)
SELECT u.e, u.p, (SELECT max(s.sealed_before) FROM point_state AS s WHERE s.e = u.e)
FROM unnest(:e::int[], :p::int[]) AS u (e, p)
WHERE NOT EXISTS (SELECT 1 FROM point_state AS s WHERE s.e = u.e AND s.p = u.p)
ORDER BY u.e, u.p
ON CONFLICT (e, p) DO NOTHING;

-- name: lock_states(e, p)
-- In key order; what another deriver holds is left to it.
SELECT s.e, s.p, s.first_ts, s.newest_ts, s.closed_until, s.sealed_before, s.closes_at, s.known_at, s.config_rev,
       s.longest_s
FROM point_state AS s
JOIN unnest(:e::int[], :p::int[]) AS u (e, p) ON u.e = s.e AND u.p = s.p
ORDER BY s.e, s.p
FOR UPDATE OF s SKIP LOCKED;

-- name: take_dirty(e, p, since, last_id)
-- Dirty spans of locked points, taken away; those less than a quarter hour apart are one.
WITH taken AS (
    DELETE FROM dirty AS d
    USING unnest(:e::int[], :p::int[], :since::timestamptz[], :last_id::bigint[]) AS u (e, p, since, last_id)
    WHERE d.e = u.e AND d.p = u.p AND d.from_ts >= u.since AND d.id <= u.last_id
    RETURNING d.e, d.p, d.from_ts, d.to_ts, d.written_at
),
island AS (
    SELECT e, p, from_ts, to_ts, written_at,
           count(*) FILTER (WHERE apart) OVER (PARTITION BY e, p ORDER BY from_ts, to_ts ROWS UNBOUNDED PRECEDING) AS n
    FROM (
        SELECT *, from_ts > max(to_ts) OVER (PARTITION BY e, p ORDER BY from_ts, to_ts
                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                            + INTERVAL '15 minutes' AS apart
        FROM taken
    ) AS ordered
)
SELECT e, p, min(from_ts) AS from_ts, max(to_ts) AS to_ts, min(written_at) AS written_at
FROM island
GROUP BY e, p, n
ORDER BY e, p, min(from_ts);

-- name: put_back(e, p, from_ts, to_ts, written_at)!
-- What did not fit into this transaction.
INSERT INTO dirty (e, p, from_ts, to_ts, written_at)
SELECT * FROM unnest(:e::int[], :p::int[], :from_ts::timestamptz[], :to_ts::timestamptz[], :written_at::timestamptz[]);

-- name: neighbours(n, e, p, a, b, k)
-- The k-th good reading before a and after b; endless where there are fewer.
SELECT span.n, low.ts AS low, high.ts AS high
FROM unnest(:n::int[], :e::int[], :p::int[], :a::timestamptz[], :b::timestamptz[]) AS span (n, e, p, a, b)
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) < :k THEN '-infinity' ELSE min(ts) END AS ts FROM (
        SELECT r.ts FROM reading AS r
        WHERE r.e = span.e AND r.p = span.p AND r.ts < span.a AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
        ORDER BY r.ts DESC LIMIT :k
    ) AS before
) AS low
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) < :k THEN 'infinity' ELSE max(ts) END AS ts FROM (
        SELECT r.ts FROM reading AS r
        WHERE r.e = span.e AND r.p = span.p AND r.ts > span.b AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
        ORDER BY r.ts LIMIT :k
    ) AS after
) AS high;

-- name: observe(e, p, a, b, period_s, longest_s)
-- What a point's readings reach to: the newest of all, the newest good one, and where the first good ones begin.
-- longest: the longest stated span of an interval reading that ends in [a, b], in seconds.
SELECT u.e, u.p, newest.ts AS newest_ts, good.ts AS newest_good, began.ts AS began, stated.longest_s
FROM unnest(:e::int[], :p::int[], :a::timestamptz[], :b::timestamptz[], :period_s::float8[], :longest_s::float8[])
    AS u (e, p, a, b, period_s, longest_s)
LEFT JOIN LATERAL (
    SELECT r.ts FROM reading AS r WHERE r.e = u.e AND r.p = u.p ORDER BY r.ts DESC LIMIT 1
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT r.ts FROM reading AS r
    WHERE r.e = u.e AND r.p = u.p AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
    ORDER BY r.ts DESC LIMIT 1
) AS good ON true
LEFT JOIN LATERAL (
    SELECT max(date_part('epoch', r.ts) - date_part('epoch', r.start)) AS longest_s
    FROM reading AS r
    WHERE r.e = u.e AND r.p = u.p AND u.period_s > 0 AND r.ts >= u.a AND r.ts <= u.b AND r.start IS NOT NULL
) AS stated ON true
LEFT JOIN LATERAL (
    SELECT r.ts FROM reading AS r
    WHERE r.e = u.e AND r.p = u.p AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
    ORDER BY r.ts LIMIT 1
) AS first ON true
LEFT JOIN LATERAL (
    SELECT min(coalesce(r.start, r.ts - make_interval(secs => u.period_s))) AS ts
    FROM reading AS r
    WHERE r.e = u.e AND r.p = u.p AND r.quality < 2 AND r.value BETWEEN -1e100 AND 1e100
      AND r.ts <= first.ts + make_interval(secs => greatest(u.longest_s, stated.longest_s))
) AS began ON true;

-- name: publish(n, e, p, f, t, known_at, served_from, closed_before)
-- The draft against the ledger over the spans: what is new, what is another value, what is known no more. The former
-- rows become revisions. A quarter hour that was closed as missing, and is known now, is a revision too.
WITH span AS (
    SELECT * FROM unnest(
        :n::int[], :e::int[], :p::int[], :f::timestamptz[], :t::timestamptz[], :known_at::timestamptz[],
        :served_from::timestamptz[], :closed_before::timestamptz[]
    ) AS span (n, e, p, f, t, known_at, served_from, closed_before)
),
present AS MATERIALIZED (
    SELECT row.*
    FROM span
    CROSS JOIN LATERAL (
        SELECT i.* FROM interval AS i
        WHERE i.e = span.e AND i.p = span.p AND i.start >= span.f AND i.start < span.t
        OFFSET 0
    ) AS row
),
difference AS MATERIALIZED (
    SELECT e, p, start, new.amount, coalesce(new.covered_s, 0) AS covered_s, coalesce(new.estimated_s, 0) AS estimated_s,
           coalesce(new.apportioned_s, 0) AS apportioned_s, coalesce(new.basis, 3) AS basis,
           coalesce(new.suspect, false) AS suspect, old.rev AS old_rev, old.amount AS old_amount,
           old.covered_s AS old_covered_s, old.estimated_s AS old_estimated_s,
           old.apportioned_s AS old_apportioned_s, old.basis AS old_basis, old.suspect AS old_suspect,
           old.known_at AS old_known_at
    FROM draft AS new
    FULL JOIN present AS old USING (e, p, start)
    WHERE (new.amount, new.covered_s, new.estimated_s, new.apportioned_s, new.basis, new.suspect)
          IS DISTINCT FROM (old.amount, old.covered_s, old.estimated_s, old.apportioned_s, old.basis, old.suspect)
      AND NOT (new.amount IS NULL AND old.amount IS NULL)
),
moved AS (
    INSERT INTO interval_revision (
        e, p, start, rev, amount, covered_s, estimated_s, apportioned_s, basis, suspect, known_at)
    SELECT e, p, start, old_rev, old_amount, old_covered_s, old_estimated_s, old_apportioned_s, old_basis, old_suspect,
           old_known_at
    FROM difference
    WHERE old_rev IS NOT NULL
),
placed AS MATERIALIZED (
    SELECT span.n, span.known_at, d.*,
           CASE WHEN d.old_rev IS NOT NULL THEN d.old_rev + 1
                WHEN d.start >= span.served_from AND d.start < span.closed_before THEN 2
                ELSE 1 END AS rev
    FROM difference AS d
    JOIN span ON span.e = d.e AND span.p = d.p AND d.start >= span.f AND d.start < span.t
),
put AS (
    INSERT INTO interval (
        e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at)
    SELECT e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at
    FROM placed
    ON CONFLICT (e, p, start) DO UPDATE SET
        amount = excluded.amount, covered_s = excluded.covered_s, estimated_s = excluded.estimated_s,
        apportioned_s = excluded.apportioned_s, basis = excluded.basis, suspect = excluded.suspect,
        rev = excluded.rev, known_at = excluded.known_at
)
SELECT n, count(*) AS changed, count(*) FILTER (WHERE rev > 1) AS revised, min(start) AS first, max(start) AS last
FROM placed
GROUP BY n
ORDER BY n;

-- name: forget_days(e, p)!
-- Days that may be cut otherwise now; those that are derived again are put anew.
DELETE FROM day_total AS d
USING unnest(:e::int[], :p::int[]) AS u (e, p)
WHERE d.e = u.e AND d.p = u.p;

-- name: put_days(e, p, local_date, f, t, mean)!
-- Sums in order of time, so that the same rows give the same bits; a state's day is its mean over covered time. Put
-- again even where the sums came out the same: the quarter hours under them did not, and put_at tells who used them.
INSERT INTO day_total AS d (e, p, local_date, amount, covered_s, estimated_s, apportioned_s)
SELECT u.e, u.p, u.local_date, CASE WHEN u.mean THEN total.weighed / total.covered_s ELSE total.amount END,
       total.covered_s, total.estimated_s, total.apportioned_s
FROM unnest(:e::int[], :p::int[], :local_date::date[], :f::timestamptz[], :t::timestamptz[], :mean::bool[])
    AS u (e, p, local_date, f, t, mean)
CROSS JOIN LATERAL (
    SELECT sum(i.amount ORDER BY i.start) AS amount, sum(i.amount * i.covered_s ORDER BY i.start) AS weighed,
           sum(i.covered_s ORDER BY i.start) AS covered_s, sum(i.estimated_s ORDER BY i.start) AS estimated_s,
           sum(i.apportioned_s ORDER BY i.start) AS apportioned_s
    FROM interval AS i
    WHERE i.e = u.e AND i.p = u.p AND i.start >= u.f AND i.start < u.t
) AS total
WHERE total.covered_s IS NOT NULL
ON CONFLICT (e, p, local_date) DO UPDATE SET
    amount = excluded.amount, covered_s = excluded.covered_s, estimated_s = excluded.estimated_s,
    apportioned_s = excluded.apportioned_s, put_at = excluded.put_at;

-- name: cuts(es)
SELECT e, timezone, day_starts FROM enterprise WHERE e = ANY (:es::int[]);

-- name: forget_findings(e, p, f, t, kinds, kept_e, kept_p, kept_kind, kept_from)!
-- Findings of these kinds that touch the spans, but for those found again.
DELETE FROM finding AS old
USING unnest(:e::int[], :p::int[], :f::timestamptz[], :t::timestamptz[]) AS span (e, p, f, t)
WHERE old.e = span.e AND old.p = span.p AND old.kind = ANY (:kinds::text[]) AND old.from_ts < span.t
  AND (old.to_ts > span.f OR old.to_ts = old.from_ts AND old.from_ts >= span.f)
  AND NOT EXISTS (
      SELECT 1
      FROM unnest(:kept_e::int[], :kept_p::int[], :kept_kind::text[], :kept_from::timestamptz[])
          AS kept (e, p, kind, from_ts)
      WHERE kept.e = old.e AND kept.p = old.p AND kept.kind = old.kind AND kept.from_ts = old.from_ts);

-- name: put_findings(e, p, kind, from_ts, to_ts, detail, found_at)!
-- found_at stays what it was where the finding was there already.
INSERT INTO finding AS old (e, p, kind, from_ts, to_ts, detail, found_at)
SELECT e, p, kind, from_ts, to_ts, detail::jsonb, found_at
FROM unnest(:e::int[], :p::int[], :kind::text[], :from_ts::timestamptz[], :to_ts::timestamptz[], :detail::text[],
            :found_at::timestamptz[]) AS u (e, p, kind, from_ts, to_ts, detail, found_at)
ON CONFLICT (e, p, kind, from_ts) DO UPDATE SET to_ts = excluded.to_ts, detail = excluded.detail
WHERE (old.to_ts, old.detail) IS DISTINCT FROM (excluded.to_ts, excluded.detail);

-- name: put_states(e, p, first_ts, newest_ts, closed_until, closes_at, known_at, config_rev, longest_s)!
UPDATE point_state AS s
SET first_ts = u.first_ts, newest_ts = u.newest_ts, closed_until = u.closed_until, closes_at = u.closes_at,
    known_at = u.known_at, config_rev = u.config_rev, longest_s = u.longest_s
FROM unnest(:e::int[], :p::int[], :first_ts::timestamptz[], :newest_ts::timestamptz[], :closed_until::timestamptz[],
            :closes_at::timestamptz[], :known_at::timestamptz[], :config_rev::int[], :longest_s::float8[])
    AS u (e, p, first_ts, newest_ts, closed_until, closes_at, known_at, config_rev, longest_s)
WHERE s.e = u.e AND s.p = u.p;

-- name: put_watermarks(e, p, newest_ts)!
-- All that most readings change.
UPDATE point_state AS s
SET newest_ts = greatest(s.newest_ts, u.newest_ts)
FROM unnest(:e::int[], :p::int[], :newest_ts::timestamptz[]) AS u (e, p, newest_ts)
WHERE s.e = u.e AND s.p = u.p;

-- name: announce(e, p, from_start, to_start, known_at)
-- For the rules, and for whoever shows intervals.
WITH told AS (
    INSERT INTO ledger_change (e, p, from_start, to_start, known_at)
    SELECT * FROM unnest(:e::int[], :p::int[], :from_start::timestamptz[], :to_start::timestamptz[],
                         :known_at::timestamptz[])
    RETURNING e
)
SELECT pg_notify('enms_interval', e::text)::text FROM (SELECT DISTINCT e FROM told) AS enterprises;

-- name: lag(now)^
-- How old the oldest dirty span is, and for how long the longest overdue interval should have been closed, seconds.
SELECT (SELECT date_part('epoch', clock_timestamp() - min(written_at)) FROM (SELECT written_at FROM dirty LIMIT 100000) AS d)
           AS oldest_dirty_s,
       greatest(0, (SELECT date_part('epoch', :now - min(closes_at)) FROM point_state)) AS overdue_s;
