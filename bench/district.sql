-- A district's readings and ledger, computed instead of received: every row is a function of its point and its quarter
-- hour, so that a year is made by set-based statements, piece by piece in any order, the same each time.
--
-- bench.course says how a point runs. Its quarter hours have whole numbers of its meter's steps; within one a register
-- rises unevenly to the next, a gauge and an interval reading stray around the quarter's value by amounts that add up
-- to nothing. A ledger row is therefore known without looking at fifteen readings, and is the row that derivation makes
-- of them (tests/bench holds it there).

-- name: create_courses#
CREATE SCHEMA bench;
CREATE TABLE bench.course (
    e        integer NOT NULL,
    p        integer NOT NULL,
    kind     smallint NOT NULL,          -- 0 register, 1 gauge, 2 interval reading
    per      double precision NOT NULL,  -- steps of the meter in a unit: 1 / its resolution
    level    double precision NOT NULL,  -- steps: a quarter hour's rise, or the mean value
    swing    double precision NOT NULL,  -- of a day, as part of level
    phase    double precision NOT NULL,
    wobble   double precision NOT NULL,  -- from one quarter hour to the next, as part of level
    stray    integer NOT NULL,           -- from one minute to the next, in steps
    hold     integer NOT NULL,           -- quarter hours that share a value: an analysis a shift
    worth    double precision NOT NULL,  -- ledger amount of a step in a quarter hour
    PRIMARY KEY (e, p)
);
-- How far the district is filled: quarter hours since 1970 of what is there, and the last reading's instant.
CREATE TABLE bench.filled (
    origin  integer NOT NULL,
    first   integer,
    until   timestamptz
);
-- Steps at a quarter hour: of a register since origin, of the others the value itself.
CREATE FUNCTION bench.steps(c bench.course, q integer, origin integer) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN c.kind = 0 THEN
            floor(c.level * (q - origin + c.swing * 15.278874536821951::float8 * (1 + sin(0.06544984694978735::float8 * q + c.phase))
                             + c.wobble * (hashint8extended(q, c.p) & 1023) / 1024.0::float8))
        ELSE
            floor(c.level * (1 + c.swing * sin(0.06544984694978735::float8 * q + c.phase)
                             + c.wobble * (hashint8extended(q / c.hold, c.p) & 1023) / 1024.0::float8))
    END
$$;

-- name: add_courses(e, p, kind, per, level, swing, phase, wobble, stray, hold, worth)!
INSERT INTO bench.course
SELECT * FROM unnest(:e::int[], :p::int[], :kind::smallint[], :per::float8[], :level::float8[], :swing::float8[], :phase::float8[],
                     :wobble::float8[], :stray::int[], :hold::int[], :worth::float8[]);

-- name: begin(origin)!
INSERT INTO bench.filled (origin) VALUES (:origin);

-- name: is_district()$
SELECT to_regclass('bench.filled') IS NOT NULL;

-- name: filled()^
SELECT origin, first, until FROM bench.filled;

-- name: numbers(code)
SELECT p.e, p.p, p.code FROM point AS p JOIN enterprise AS en USING (e) WHERE en.code = :code;

-- name: points()
SELECT e, p FROM bench.course ORDER BY e, p;

-- name: fill_readings(e, p, since, until, origin, after, last)!
-- Quarter hours [since, until), each point's in order of time; of these the readings after `after` up to `last`. A
-- register's and a gauge's first reading is at the quarter's beginning, an interval reading is stamped with its end.
-- Arrival: a message a gateway and minute, some tens of milliseconds after its second.
INSERT INTO reading (e, p, ts, start, value, quality, origin, received_at)
SELECT c.e, c.p, m.ts, NULL,
       CASE c.kind
           WHEN 0 THEN s.here + floor(s.rise * (m.k * 34 + CASE WHEN m.k = 0 THEN 0 ELSE m.dice & 15 END) / 510)
           ELSE greatest(s.here + c.stray * ((m.k * 7 + s.turn) % 15 - 7), 0)
       END / c.per, 0, 0,
       m.ts + (20000 + (hashint8extended(minute, c.p % 16) & 65535)) * interval '1 microsecond'
FROM (SELECT * FROM bench.course WHERE e = ANY (:e::int[]) AND p = ANY (:p::int[]) ORDER BY e, p) AS c
CROSS JOIN LATERAL generate_series(:since::int + 0 * c.p, :until::int - 1) AS quarter -- of each point: in key order
CROSS JOIN LATERAL (
    SELECT bench.steps(c, quarter, :origin) AS here,
           CASE WHEN c.kind = 0 THEN bench.steps(c, quarter + 1, :origin) - bench.steps(c, quarter, :origin) END AS rise,
           (hashint8extended(quarter, c.p) & 15)::int AS turn
    OFFSET 0
) AS s
CROSS JOIN LATERAL generate_series(quarter * 15, quarter * 15 + 14) AS minute
CROSS JOIN LATERAL (
    SELECT to_timestamp((minute + CASE WHEN c.kind = 2 THEN 1 ELSE 0 END) * 60::float8) AS ts, minute - quarter * 15 AS k,
           hashint8extended(minute, c.p)::int8 AS dice
) AS m
WHERE m.ts > :after AND m.ts <= :last;

-- name: fill_intervals(e, p, since, until, origin)!
INSERT INTO interval (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at)
SELECT c.e, c.p, to_timestamp(quarter * 900.0::float8),
       CASE WHEN c.kind = 0 THEN bench.steps(c, quarter + 1, :origin) - bench.steps(c, quarter, :origin)
            ELSE bench.steps(c, quarter, :origin) END * c.worth,
       900, 0, 0, 0, false, 1, to_timestamp(quarter * 900.0::float8 + 960)
FROM (SELECT * FROM bench.course WHERE e = ANY (:e::int[]) AND p = ANY (:p::int[]) ORDER BY e, p) AS c
CROSS JOIN generate_series(:since::int, :until::int - 1) AS quarter;

-- name: fill_days(e, since, until)!
-- The local days that quarter hours [since, until) touch, from all that the ledger has of them.
INSERT INTO day_total AS d (e, p, local_date, amount, covered_s, estimated_s, apportioned_s)
SELECT i.e, i.p, (i.start AT TIME ZONE en.timezone - en.day_starts)::date AS local_date,
       CASE WHEN k.aggregate = 'sum' THEN sum(i.amount ORDER BY i.start)
            ELSE sum(i.amount * i.covered_s ORDER BY i.start) / sum(i.covered_s) END,
       sum(i.covered_s), sum(i.estimated_s), sum(i.apportioned_s)
FROM enterprise AS en
JOIN point_config AS k USING (e)
JOIN interval AS i USING (e, p)
WHERE en.e = :e
  AND i.start >= (((to_timestamp(:since * 900.0::float8) AT TIME ZONE en.timezone - en.day_starts)::date + en.day_starts)
                  AT TIME ZONE en.timezone)
  AND i.start < (((to_timestamp(:until * 900.0::float8 - 1) AT TIME ZONE en.timezone - en.day_starts)::date + 1 + en.day_starts)
                 AT TIME ZONE en.timezone)
GROUP BY i.e, i.p, local_date, k.aggregate
ON CONFLICT (e, p, local_date) DO UPDATE SET
    amount = excluded.amount, covered_s = excluded.covered_s, estimated_s = excluded.estimated_s,
    apportioned_s = excluded.apportioned_s;

-- name: note_filled(first, until)!
WITH kept AS (
    UPDATE bench.filled SET first = least(first, :first), until = greatest(until, :until) RETURNING *
)
INSERT INTO point_state AS s (e, p, first_ts, newest_ts, closed_until, known_at)
SELECT c.e, c.p, to_timestamp(kept.first * 900.0::float8), kept.until, date_bin('15 minutes', kept.until, '2000-01-01 00:00:00+00'),
       date_bin('15 minutes', kept.until, '2000-01-01 00:00:00+00') + interval '1 minute'
FROM kept CROSS JOIN bench.course AS c
ON CONFLICT (e, p) DO UPDATE SET first_ts = excluded.first_ts, newest_ts = excluded.newest_ts,
    closed_until = excluded.closed_until, known_at = excluded.known_at;

-- name: forget_dirty()!
-- Loading the plants asked for a derivation of everything.
DELETE FROM dirty;

-- name: add_rules(now)!
INSERT INTO rule_version (e, rule, version, sha256, recorded_at, file, kind, purpose, severity, cadence, unit, title_zh,
                          title_en, source, definition)
SELECT en.e, r.rule, 1, 'x', :now, 'bench', r.kind, 'operational', r.severity, 'interval', r.unit, r.zh, r.en, 'bench',
       '{"runbook": {"zh": "查看", "en": "look"}}'
FROM enterprise AS en
CROSS JOIN (VALUES
    ('enpi_day', 'enpi_limit', 'warning', 'kgce/t', '单耗日值超限', 'EnPI of the day over its limit'),
    ('enpi_month', 'enpi_limit', 'critical', 'kgce/t', '单耗月累计超限', 'EnPI of the month over its limit'),
    ('motor_idle', 'motor_idle', 'warning', '1', '电动机通电空转', 'Motor energised but idle'),
    ('motor_underload', 'motor_underload', 'notice', '1', '电动机轻载', 'Motor underloaded'),
    ('motor_overload', 'motor_overload', 'critical', '1', '电动机过载', 'Motor overloaded'),
    ('meter_silent', 'data_quality', 'notice', '1', '计量点无数据', 'Meter silent'),
    ('meter_frozen', 'data_quality', 'notice', '1', '计量点读数冻结', 'Meter frozen')
) AS r (rule, kind, severity, unit, zh, en);

-- name: add_subjects(now)!
-- Where every subject of every rule stands: a motor's of three rules, an EnPI's of two, a point's of two.
INSERT INTO rule_subject (e, rule, subject, version, evaluated_until, configured_at, memory, phase, phase_since, truth, reason,
                          value, limit_value)
SELECT s.e, s.rule, s.subject, 1, :now, :now, '{}', 'inactive', NULL, 0, '', 0.6, 0.4
FROM (
    SELECT e, rule, code AS subject FROM motor CROSS JOIN unnest(ARRAY['motor_idle', 'motor_underload', 'motor_overload']) AS rule
    UNION ALL
    SELECT e, rule, code FROM enpi CROSS JOIN unnest(ARRAY['enpi_day', 'enpi_month']) AS rule
    UNION ALL
    SELECT e, rule, code FROM point CROSS JOIN unnest(ARRAY['meter_silent', 'meter_frozen']) AS rule
) AS s;

-- name: set_cursors(now)!
INSERT INTO rule_cursor (e, evaluated_until, evaluated_at)
SELECT e, date_bin('15 minutes', :now, '2000-01-01 00:00:00+00'), :now FROM enterprise
ON CONFLICT (e) DO UPDATE SET evaluated_until = excluded.evaluated_until, evaluated_at = excluded.evaluated_at;

-- name: add_alerts(since, until, now, a_day)!
-- Episodes of an hour to a day that start in [since, until), `a_day` an enterprise and day, each on another subject;
-- those that have not ended by now are open.
WITH subject AS (
    SELECT s.e, s.rule, r.kind, r.severity, r.unit, s.subject, row_number() OVER course AS place, count(*) OVER (PARTITION BY s.e) AS places
    FROM rule_subject AS s
    JOIN rule_version AS r ON r.e = s.e AND r.rule = s.rule AND r.version = s.version
    WINDOW course AS (PARTITION BY s.e ORDER BY s.rule, s.subject)
),
episode AS (
    SELECT s.*, at.ts AS started, CASE WHEN at.ended < :now THEN at.ended END AS ended
    FROM generate_series(0, (extract(epoch FROM :until::timestamptz - :since::timestamptz) / 86400 * :a_day)::int - 1) AS n
    CROSS JOIN LATERAL (
        SELECT :since::timestamptz + n * (interval '1 day' / :a_day) AS ts,
               :since::timestamptz + n * (interval '1 day' / :a_day) + make_interval(hours => 1 + n % 23) AS ended
    ) AS at
    JOIN subject AS s ON s.place = 1 + (n * 7919) % s.places
),
added AS (
    INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, closed, started_at, fired_at, resolved_at,
                       detected_at, value, limit_value, unit, certainty)
    SELECT DISTINCT ON (e, rule, subject, coalesce(ended, 'infinity'))
           e, rule, 1, subject, kind, 'operational', severity, CASE WHEN ended IS NULL THEN 'firing' ELSE 'resolved' END,
           CASE WHEN ended IS NOT NULL THEN 'cleared' END, started, started, ended, started, 1.1, 1, unit, 'confirmed'
    FROM episode
    ORDER BY e, rule, subject, coalesce(ended, 'infinity'), started
    RETURNING e, id, started_at, resolved_at
)
INSERT INTO transition (e, alert, n, kind, at, recorded_at)
SELECT e, id, 1, 'firing', started_at, started_at + interval '1 minute' FROM added
UNION ALL
SELECT e, id, 2, 'resolved', resolved_at, resolved_at + interval '1 minute' FROM added WHERE resolved_at IS NOT NULL;

-- name: add_findings(since, until)!
-- Ten a day: spikes and gaps, each on another point.
INSERT INTO finding (e, p, kind, from_ts, to_ts, detail, found_at)
SELECT c.e, c.p, CASE WHEN n % 2 = 0 THEN 'spike' ELSE 'gap' END, at.ts, at.ts + interval '20 minutes', '{"value": 9}', at.ts
FROM generate_series(0, (extract(epoch FROM :until::timestamptz - :since::timestamptz) / 8640)::int - 1) AS n
CROSS JOIN LATERAL (SELECT :since::timestamptz + n * interval '2.4 hours' AS ts) AS at
JOIN (SELECT *, row_number() OVER (ORDER BY e, p) AS place, count(*) OVER () AS places FROM bench.course) AS c
    ON c.place = 1 + (n * 7919) % c.places
ON CONFLICT DO NOTHING;

-- name: settle#
VACUUM (ANALYZE) reading, interval, finding, point_state, day_total, heat_day, level_day, alert, transition,
    rule_subject, rule_version;
