-- name: record_report(e, kind, day, basis, sha256, body, made_at)$
-- A new version where the last one says something else; its number, or nothing.
INSERT INTO report (e, kind, day, basis, version, sha256, body, made_at, checked_at)
SELECT :e, :kind, :day, :basis, coalesce(max(r.version), 0) + 1, :sha256, :body, :made_at, :made_at
FROM report AS r
WHERE r.e = :e AND r.kind = :kind AND r.day = :day AND r.basis = :basis
HAVING :sha256::text IS DISTINCT FROM (
    SELECT last.sha256 FROM report AS last
    WHERE last.e = :e AND last.kind = :kind AND last.day = :day AND last.basis = :basis
    ORDER BY last.version DESC LIMIT 1)
ON CONFLICT DO NOTHING
RETURNING version;

-- name: report_stands(e, kind, day, basis, checked_at)!
-- Its last version was made again and says the same.
UPDATE report AS r SET checked_at = :checked_at
WHERE r.e = :e AND r.kind = :kind AND r.day = :day AND r.basis = :basis
  AND r.version = (SELECT max(v.version) FROM report AS v
                   WHERE v.e = :e AND v.kind = :kind AND v.day = :day AND v.basis = :basis);

-- name: report_versions(e, kind, day, basis)
-- Versions of a report, the last one first.
SELECT version, sha256, made_at FROM report
WHERE e = :e AND kind = :kind AND day = :day AND basis = :basis
ORDER BY version DESC;

-- name: report_body(e, kind, day, basis, version)$
SELECT body FROM report WHERE e = :e AND kind = :kind AND day = :day AND basis = :basis AND version = :version;

-- name: last_made(e, basis, first)
-- When each report from a day on was made last, whether it said something new or not.
SELECT kind, day, max(version) AS version, max(checked_at) AS checked_at FROM report
WHERE e = :e AND basis = :basis AND day >= :first
GROUP BY kind, day;

-- name: newest_known(e, f, t)$
-- When the youngest value of an enterprise's quarter hours of [f, t) was published.
SELECT max(i.known_at)
FROM point
CROSS JOIN LATERAL (
    SELECT max(v.known_at) AS known_at FROM interval AS v
    WHERE v.e = point.e AND v.p = point.p AND v.start >= :f AND v.start < :t
) AS i
WHERE point.e = :e;

-- name: unsettled(e, before)$
SELECT EXISTS (SELECT 1 FROM dirty WHERE e = :e AND from_ts < :before);

-- name: newest_reports(es, kind, n)
SELECT DISTINCT ON (day, e, kind, basis) e, kind, day, basis, version, made_at
FROM report
WHERE e = ANY (:es::int[]) AND (:kind::text IS NULL OR kind = :kind)
ORDER BY day DESC, e, kind, basis, version DESC
LIMIT :n;
