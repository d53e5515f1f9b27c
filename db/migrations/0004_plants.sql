-- What a plant file may say beyond the foundation: names of points, and a site's own standard-coal factors.

ALTER TABLE point_config ADD COLUMN name_zh text, ADD COLUMN name_en text;

CREATE TABLE site_factor (
    e               integer NOT NULL REFERENCES enterprise,
    carrier         text NOT NULL,
    basis           text NOT NULL CHECK (basis IN ('calorific', 'equivalent')),
    effective_from  date NOT NULL DEFAULT '-infinity',
    recorded_at     timestamptz NOT NULL,
    effective_to    date NOT NULL DEFAULT 'infinity',
    unit            text NOT NULL,
    kgce            double precision NOT NULL,
    source          text NOT NULL,
    retired         boolean NOT NULL DEFAULT false,
    PRIMARY KEY (e, carrier, basis, effective_from, recorded_at)
);
COMMENT ON TABLE site_factor IS 'Standard coal per unit of a carrier as this site measured or agreed it; comes before GB/T 2589.';
