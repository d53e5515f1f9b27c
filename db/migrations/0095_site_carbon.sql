-- A site's own carbon factors (GB/T 32151: what was measured comes before the guide's defaults). Applied once, never
-- edited.

CREATE TABLE site_carbon (
    e               integer NOT NULL REFERENCES enterprise,
    carrier         text NOT NULL,
    effective_from  date NOT NULL DEFAULT '-infinity',
    recorded_at     timestamptz NOT NULL,
    effective_to    date NOT NULL DEFAULT 'infinity',
    unit            text,
    carbon          double precision,
    carbon_per_gj   double precision,
    tco2            double precision,
    oxidation       double precision,
    source          text NOT NULL,
    retired         boolean NOT NULL DEFAULT false,
    PRIMARY KEY (e, carrier, effective_from, recorded_at),
    CHECK (num_nonnulls(carbon, carbon_per_gj, tco2) = 1),
    CHECK ((unit IS NULL) = (carbon_per_gj IS NOT NULL)),
    CHECK ((oxidation IS NULL) = (tco2 IS NOT NULL))
);
COMMENT ON TABLE site_carbon IS 'Carbon of a carrier as this site measured or agreed it; comes before the defaults of GB/T 32151.';
COMMENT ON COLUMN site_carbon.carbon IS 't of carbon in one unit, as analysed.';
COMMENT ON COLUMN site_carbon.carbon_per_gj IS 't of carbon per GJ of energy content.';
COMMENT ON COLUMN site_carbon.tco2 IS 't of carbon dioxide per unit, after oxidation.';
COMMENT ON COLUMN site_carbon.oxidation IS 'Share of the carbon that becomes carbon dioxide.';

CREATE CONSTRAINT TRIGGER site_carbon_changed AFTER INSERT OR UPDATE OR DELETE ON site_carbon DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION configuration_changed();
