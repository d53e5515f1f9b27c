-- name: read_engine()^
-- The second argument of current_setting keeps plain PostgreSQL from failing on an unknown setting.
SELECT
    current_setting('server_version') AS server,
    (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb,
    current_setting('timescaledb.license', true) AS license;

-- name: timescaledb_can_be_created()$
-- Only a preloaded library defines its settings; shared_preload_libraries itself is shown to superusers alone.
SELECT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb')
   AND current_setting('timescaledb.disable_load', true) IS NOT NULL;

-- name: create_timescaledb()!
CREATE EXTENSION IF NOT EXISTS timescaledb;

-- name: create_reading_hypertable()$
-- One day a chunk: 2 000 points at 1 min make 2.9 M rows, about 250 MB with the key, which stays in memory while
-- it is written; late data of a month touches 30 chunks.
SELECT create_hypertable('reading', by_range('ts', INTERVAL '1 day'), if_not_exists => true, migrate_data => true)::text;

-- name: create_interval_hypertable()$
-- 28 days a chunk: 2 000 points make 5.4 M rows; a year's question opens 13 chunks.
SELECT create_hypertable('interval', by_range('start', INTERVAL '28 days'), if_not_exists => true, migrate_data => true)::text;
