-- What follows from configuration alone is computed when that changed, not for every panel: once a transaction, at its
-- end, whoever changed it; and when a change that was recorded ahead comes to hold (the ledger asks every minute).
CREATE TABLE grafana_inner.kept (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    holds_until  timestamptz NOT NULL
);
COMMENT ON TABLE grafana_inner.kept IS 'Until when the kept tables hold, if no configuration is recorded: the next instant from which another holds.';

CREATE OR REPLACE FUNCTION public.keep_configuration() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    kept text;
BEGIN
    -- one at a time; readers go on with the former rows until this commits
    PERFORM pg_advisory_xact_lock(x'656E6D67'::bigint); -- "enmg"
    -- too few rows for autovacuum ever to count them; taken for hundreds, they turn every panel's plan upside down
    ANALYZE public.enterprise;
    FOREACH kept IN ARRAY ARRAY['point_now', 'meter_now', 'point_span', 'enpi_now', 'power_term', 'conversion', 'balance_term',
                                 'balance_part', 'site_carbon', 'enpi_term', 'enpi_part'] LOOP
        EXECUTE format('DELETE FROM grafana_inner.%I', kept);
        EXECUTE format('INSERT INTO grafana_inner.%1$I SELECT * FROM grafana_inner.%2$I', kept, kept || '_computed');
        EXECUTE format('ANALYZE grafana_inner.%I', kept); -- the next is computed from it
    END LOOP;
    INSERT INTO grafana_inner.kept (holds_until)
    SELECT coalesce(min(at), 'infinity') FROM (
        SELECT valid_from AS at FROM public.point_config WHERE valid_from > now()
        UNION ALL SELECT installed_at FROM public.installation WHERE installed_at > now()
        UNION ALL SELECT valid_from FROM public.enpi_version WHERE valid_from > now()
    ) AS ahead
    ON CONFLICT (one) DO UPDATE SET holds_until = excluded.holds_until;
END
$$;
COMMENT ON FUNCTION public.keep_configuration IS 'Compute anew what the views of schema grafana make of configuration.';

CREATE OR REPLACE FUNCTION public.keep_configuration_if_due() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF (SELECT k.holds_until <= now() FROM grafana_inner.kept AS k) THEN
        PERFORM public.keep_configuration();
        RETURN true;
    END IF;
    RETURN false;
END
$$;
COMMENT ON FUNCTION public.keep_configuration_if_due IS 'The same, if a change that was recorded ahead holds by now; whether it did.';

CREATE OR REPLACE FUNCTION public.configuration_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    -- while a migration makes the schema anew there is nothing to fill, and it is filled at the end
    IF current_setting('enms.kept_in', true) IS DISTINCT FROM pg_current_xact_id()::text
       AND to_regclass('grafana_inner.kept') IS NOT NULL THEN
        PERFORM public.keep_configuration();
        PERFORM set_config('enms.kept_in', pg_current_xact_id()::text, true);
    END IF;
    RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION public.keep_configuration, public.keep_configuration_if_due, public.configuration_changed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.keep_configuration_if_due TO enms_app;
SELECT public.keep_configuration();
