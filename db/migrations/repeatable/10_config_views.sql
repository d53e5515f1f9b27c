-- The configuration that holds at an instant, as ranges [valid_from, valid_to).
-- As of a later correction: of two versions with the same valid_from the later recorded one holds.

CREATE OR REPLACE VIEW point_config_span AS
SELECT c.*, lead(c.valid_from, 1, 'infinity') OVER (PARTITION BY c.e, c.p ORDER BY c.valid_from) AS valid_to
FROM (
    SELECT DISTINCT ON (e, p, valid_from) *
    FROM point_config
    ORDER BY e, p, valid_from, recorded_at DESC
) AS c;
COMMENT ON VIEW point_config_span IS 'What each point is over [valid_from, valid_to).';

CREATE OR REPLACE VIEW installation_span AS
SELECT i.*, lead(i.installed_at, 1, 'infinity') OVER (PARTITION BY i.e, i.p ORDER BY i.installed_at) AS removed_at
FROM (
    SELECT DISTINCT ON (e, p, installed_at) *
    FROM installation
    ORDER BY e, p, installed_at, recorded_at DESC
) AS i;
COMMENT ON VIEW installation_span IS 'The meter on each point over [installed_at, removed_at).';

-- What is one JSON definition a version: enpi_span, motor_span, supply_span, budget_span, generating_unit_span.
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['enpi', 'motor', 'supply', 'budget', 'generating_unit'] LOOP
        EXECUTE format($view$
            CREATE OR REPLACE VIEW %I AS
            SELECT v.*, lead(v.valid_from, 1, 'infinity') OVER (PARTITION BY v.e, v.id ORDER BY v.valid_from) AS valid_to
            FROM (
                SELECT DISTINCT ON (e, id, valid_from) *
                FROM %I
                ORDER BY e, id, valid_from, recorded_at DESC
            ) AS v$view$, kind || '_span', kind || '_version');
    END LOOP;
END
$$;
