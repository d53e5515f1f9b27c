-- One point's ledger rows over [from_start, to_start), as they stand or as they were known at an instant.
-- Inlined by the planner: LANGUAGE sql, STABLE, one SELECT.

CREATE OR REPLACE FUNCTION ledger_rows(
    of_e integer, of_p integer, from_start timestamptz, to_start timestamptz, known_by timestamptz DEFAULT NULL)
RETURNS TABLE (
    start timestamptz, amount double precision, covered_s double precision, estimated_s double precision,
    apportioned_s double precision, basis smallint, suspect boolean, rev integer, known_at timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT i.start, i.amount, i.covered_s, i.estimated_s, i.apportioned_s, i.basis, i.suspect, i.rev, i.known_at
    FROM interval AS i
    WHERE i.e = of_e AND i.p = of_p AND i.start >= from_start AND i.start < to_start
      AND (known_by IS NULL OR i.known_at <= known_by)
    UNION ALL
    -- the last revision known by then, of an interval whose present value is younger
    SELECT DISTINCT ON (r.start)
           r.start, r.amount, r.covered_s, r.estimated_s, r.apportioned_s, r.basis, r.suspect, r.rev, r.known_at
    FROM (
        SELECT v.* FROM interval_revision AS v
        WHERE known_by IS NOT NULL
          AND v.e = of_e AND v.p = of_p AND v.start >= from_start AND v.start < to_start AND v.known_at <= known_by
          AND NOT EXISTS (
              SELECT 1 FROM interval AS i
              WHERE i.e = v.e AND i.p = v.p AND i.start = v.start AND i.known_at <= known_by)
        ORDER BY v.start, v.rev DESC
    ) AS r
$$;
COMMENT ON FUNCTION ledger_rows IS 'Ledger rows of one point, present or as known at an instant; missing quarter hours have no row.';
