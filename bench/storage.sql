-- What the storage measurement asks the database beside the product's own statements.

-- name: create_statement(name)$
-- No parameter may name a database: the server quotes it.
SELECT format('CREATE DATABASE %I', :name::text);

-- name: drop_statement(name)$
SELECT format('DROP DATABASE %I WITH (FORCE)', :name::text);

-- name: add_enterprise(code)$
INSERT INTO enterprise (code, name_zh, name_en, industry, timezone, day_starts, month_starts_day, registered_at)
VALUES (:code, :code, :code, 'other', 'Asia/Shanghai', '00:00', 1, '2020-01-01T00:00:00Z')
RETURNING e;

-- name: add_points(e, count)
INSERT INTO point (e, code, registered_at)
SELECT :e, 'p' || n, '2020-01-01T00:00:00Z' FROM generate_series(1, :count::int) AS n
RETURNING p;

-- name: set_chunk_interval(days)$
SELECT set_chunk_time_interval('reading', make_interval(days => :days))::text;

-- name: fill_ledger(e, ps, starts, ends)!
-- Quarter hours as the ledger would hold them; their amounts do not matter here.
INSERT INTO interval (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at)
SELECT :e, p, start, 25 + 5 * sin(extract(epoch FROM start) / 7200 + p), 900, 0, 0, 0, false, 1,
       start + INTERVAL '16 minutes'
FROM generate_series(:starts::timestamptz, :ends::timestamptz - INTERVAL '15 minutes', INTERVAL '15 minutes') AS start
CROSS JOIN unnest(:ps::int[]) AS p
ORDER BY start, p;

-- name: settle_readings()#
-- Nothing left for the background to do while something is timed.
VACUUM (ANALYZE) reading;

-- name: settle_ledger()#
VACUUM (ANALYZE) interval;

-- name: relation_sizes(name)^
-- Bytes of a plain table.
SELECT pg_table_size(:name::text::regclass) AS heap, pg_indexes_size(:name::text::regclass) AS indexes;

-- name: hypertable_sizes(name)^
SELECT table_bytes + toast_bytes AS heap, index_bytes AS indexes FROM hypertable_detailed_size(:name::text::regclass);

-- name: month_of_point(e, p, starts, ends)$
SELECT sum(amount ORDER BY start) FROM interval WHERE e = :e AND p = :p AND start >= :starts AND start < :ends;
