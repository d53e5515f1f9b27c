-- What questions about days and plants are answered from, so that they stay fast however much data there is. Applied
-- once, never edited.

-- When a day's total was last put: what was made of it holds as long as this does.
ALTER TABLE day_total ADD COLUMN put_at timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON COLUMN day_total.put_at IS 'Of the last derivation that touched the day, even if the sum came out the same.';

CREATE TABLE heat_day (
    e              integer NOT NULL,
    p              integer NOT NULL,
    ncv_p          integer NOT NULL,
    local_date     date NOT NULL,
    heat           double precision,
    unconverted_s  double precision NOT NULL,
    put_at         timestamptz NOT NULL,
    ncv_put_at     timestamptz NOT NULL,
    PRIMARY KEY (e, p, local_date, ncv_p)
);
COMMENT ON TABLE heat_day IS
    'A closed day of a point whose heating value is metered: 96 products added up once. Holds only while both put_at are those of the day totals it was made from; whoever reads it compares them.';
COMMENT ON COLUMN heat_day.heat IS 'Sum of amount x heating value of the same quarter hour, in their own units; NULL: no quarter hour has both.';
COMMENT ON COLUMN heat_day.unconverted_s IS 'Seconds with an amount and no heating value.';

-- What the views of schema grafana make of configuration is made anew when configuration changed: once a transaction,
-- at its end. The repeatable scripts give the function its body.
CREATE FUNCTION configuration_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
DO $$
DECLARE
    changed text;
BEGIN
    FOREACH changed IN ARRAY ARRAY['enterprise', 'point', 'point_config', 'installation', 'enpi', 'enpi_version', 'site_factor'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED '
                       'FOR EACH ROW EXECUTE FUNCTION configuration_changed()', changed || '_changed', changed);
    END LOOP;
END
$$;

-- What happened lately, of all alerts.
CREATE INDEX transition_recorded ON transition (e, recorded_at DESC);
