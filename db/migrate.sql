-- name: lock(key)$
SELECT pg_advisory_lock(:key)::text;

-- name: unlock(key)$
SELECT pg_advisory_unlock(:key);

-- name: create_bookkeeping()!
CREATE TABLE IF NOT EXISTS schema_migration (
    name        text PRIMARY KEY,
    checksum    text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
);

-- name: applied()
SELECT name, checksum FROM schema_migration ORDER BY name;

-- name: record(name, checksum)!
INSERT INTO schema_migration (name, checksum) VALUES (:name, :checksum)
ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = now();
