-- Housekeeping that only a hypertable's owner may do, lent to the application and to nothing but the readings.
-- On plain PostgreSQL nobody calls these: what is named in them is looked up when they run.

CREATE OR REPLACE FUNCTION compress_reading_chunk(
    chunk regclass, OUT bytes_before bigint, OUT bytes_after bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF chunk NOT IN (SELECT c FROM show_chunks('public.reading') AS c) THEN
        RAISE EXCEPTION '% is no chunk of reading', chunk;
    END IF;
    SELECT sum(d.total_bytes) INTO bytes_before FROM chunks_detailed_size('public.reading') AS d
    WHERE format('%I.%I', d.chunk_schema, d.chunk_name)::regclass = chunk;
    PERFORM compress_chunk(chunk, if_not_compressed => true);
    SELECT sum(d.total_bytes) INTO bytes_after FROM chunks_detailed_size('public.reading') AS d
    WHERE format('%I.%I', d.chunk_schema, d.chunk_name)::regclass = chunk;
END
$$;
COMMENT ON FUNCTION compress_reading_chunk IS 'Compress a chunk of readings, or what came late into a compressed one.';

CREATE OR REPLACE FUNCTION drop_reading_chunks(before timestamptz) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT d::text FROM drop_chunks('public.reading', older_than => before) AS d;
END
$$;
COMMENT ON FUNCTION drop_reading_chunks IS 'Drop the chunks of readings that end at or before an instant.';

REVOKE ALL ON FUNCTION compress_reading_chunk, drop_reading_chunks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compress_reading_chunk, drop_reading_chunks TO enms_app;
