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
-- Seven days a chunk (docs/operations/sizing.md): inserts touch one page a point whatever the chunk's size, so that
-- memory does not limit it; planning looks at every chunk, and three years make 157; retention goes week by week.
-- No index on ts alone: every question names its points.
SELECT create_hypertable('reading', by_range('ts', INTERVAL '7 days'), create_default_indexes => false,
                         if_not_exists => true, migrate_data => true)::text;

-- name: create_interval_hypertable()$
-- 28 days a chunk: 2 000 points make 5.4 M rows; a year's question opens 14 chunks.
SELECT create_hypertable('interval', by_range('start', INTERVAL '28 days'), create_default_indexes => false,
                         if_not_exists => true, migrate_data => true)::text;

-- name: hypertable_exists(name)$
SELECT EXISTS (SELECT 1 FROM timescaledb_information.hypertables
               WHERE hypertable_schema = 'public' AND hypertable_name = :name);

-- name: reading_columnstore_is_on()$
SELECT compression_enabled FROM timescaledb_information.hypertables
WHERE hypertable_schema = 'public' AND hypertable_name = 'reading';

-- name: turn_reading_columnstore_on()#
-- A segment is a point's course: its instants and slow values are small as differences, and a question names points.
ALTER TABLE reading SET (timescaledb.compress, timescaledb.compress_segmentby = 'e, p', timescaledb.compress_orderby = 'ts');
