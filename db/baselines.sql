-- name: baselines(e, rule, subject)
-- All versions, oldest first.
SELECT rule, subject, version, spec, valid_from, recorded_at, body, sha256, actor, reason
FROM enpi_baseline
WHERE e = :e AND (:rule::text IS NULL OR rule = :rule) AND (:subject::text IS NULL OR subject = :subject)
ORDER BY rule, subject, version;

-- name: put_baseline(e, rule, subject, spec, valid_from, recorded_at, body, sha256, actor, reason)$
INSERT INTO enpi_baseline (e, rule, subject, version, spec, valid_from, recorded_at, body, sha256, actor, reason)
SELECT :e, :rule, :subject, coalesce(max(version), 0) + 1, :spec, :valid_from, coalesce(:recorded_at, now()), :body,
       :sha256, :actor, :reason
FROM enpi_baseline WHERE e = :e AND rule = :rule AND subject = :subject
RETURNING version;
