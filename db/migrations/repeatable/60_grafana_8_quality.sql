-- Whose data is missing, late or wrong; and whether the platform itself keeps up.

CREATE VIEW grafana.finding WITH (security_barrier) AS
SELECT v.code AS enterprise, pt.code AS point, f.kind, f.from_ts, f.to_ts, f.detail::text AS detail, f.found_at
FROM grafana_inner.visible AS v
JOIN public.point AS pt USING (e)
JOIN public.finding AS f ON f.e = pt.e AND f.p = pt.p;
COMMENT ON VIEW grafana.finding IS 'What derivation noticed about a point''s readings (drop, jump, spike, gap, overlap, frozen, out of range).';

CREATE VIEW grafana.quarantine WITH (security_barrier) AS
SELECT v.code AS enterprise, q.reason, q.detail, q.topic, q.payload_bytes, q.first_seen, q.last_seen, q.count AS deliveries
FROM grafana_inner.visible AS v
JOIN public.quarantine AS q USING (e)
UNION ALL
SELECT NULL, q.reason, q.detail, q.topic, q.payload_bytes, q.first_seen, q.last_seen, q.count
FROM public.quarantine AS q
WHERE q.e = 0 AND EXISTS (SELECT 1 FROM grafana_access.login AS l WHERE l.login = session_user AND l.e IS NULL);
COMMENT ON VIEW grafana.quarantine IS 'What was refused and why. enterprise NULL: of an enterprise nobody knows; only the district sees those.';

CREATE VIEW grafana.judge WITH (security_barrier) AS
SELECT v.code AS enterprise, v.name_zh, v.name_en, v.scope, extract(epoch FROM now() - c.evaluated_at)::float8 AS rules_age_s,
       c.evaluated_until AS judged_until,
       -- held against readings themselves, as point_state knows of none that the ledger has not seen: a step down the key
       -- for each point; of the district (which has no points) whether any plant is: its rules judge their ledgers
       EXISTS (
           SELECT
           FROM public.enterprise AS en
           WHERE (en.e = v.e OR v.scope = 'district') AND EXISTS (
               SELECT
               FROM (
                   SELECT coalesce(
                       -- of a plant that is new, before anything can have been closed, from where the ledger began
                       (SELECT coalesce(max(s.closed_until), min(s.first_ts)) FROM public.point_state AS s WHERE s.e = en.e)
                           + make_interval(secs => 2700 + (SELECT min(p.silent_after_s) FROM grafana_inner.point_now AS p
                                                           WHERE p.e = en.e AND p.reading <> 'virtual')),
                       '-infinity') AS should
                   OFFSET 0 -- once, not for every point
               ) AS l
               CROSS JOIN grafana_inner.point_now AS p
               CROSS JOIN LATERAL (
                   SELECT r.ts FROM public.reading AS r
                   WHERE r.e = p.e AND r.p = p.p AND r.ts > now() - interval '3 days' AND r.ts <= now()
                   ORDER BY r.ts DESC
                   LIMIT 1
               ) AS n
               WHERE p.e = en.e AND p.reading <> 'virtual' AND n.ts > l.should
           )
       ) AS behind
FROM grafana_inner.owner AS v
LEFT JOIN public.rule_cursor AS c ON c.e = v.e;
COMMENT ON VIEW grafana.judge IS 'Whose alerts there are, the district among them, and whether rules are judged, and on a ledger that goes on: without that, no alert says nothing.';
COMMENT ON COLUMN grafana.judge.scope IS 'plant, or district: what concerns all plants.';
COMMENT ON COLUMN grafana.judge.rules_age_s IS 'NULL: never yet.';
COMMENT ON COLUMN grafana.judge.behind IS 'Readings are there that the ledger should have closed by now: rules that run have nothing new to judge.';

CREATE VIEW grafana.pipeline WITH (security_barrier) AS
SELECT v.code AS enterprise, n.newest, extract(epoch FROM now() - n.newest)::float8 AS data_age_s,
       extract(epoch FROM now() - n.arrived)::float8 AS arrival_age_s,
       extract(epoch FROM now() - n.closed_until)::float8 AS ledger_age_s,
       extract(epoch FROM now() - c.evaluated_at)::float8 AS rules_age_s,
       c.evaluated_until AS judged_until, coalesce(b.spans, 0)::int AS waiting_spans, coalesce(o.waiting, 0)::int AS waiting_messages,
       greatest(120, (SELECT min(p.silent_after_s) FROM grafana_inner.point_now AS p
                      WHERE p.e = v.e AND p.reading <> 'virtual'))::float8 AS allowed_age_s
FROM grafana_inner.visible AS v
LEFT JOIN LATERAL (
    -- the newest arrival among the points heard of last: two steps down the key
    SELECT max(w.newest_ts) AS newest, max(w.closed_until) AS closed_until, max(r.received_at) AS arrived
    FROM (
        SELECT s.e, s.p, s.newest_ts, s.closed_until
        FROM public.point_state AS s
        WHERE s.e = v.e AND s.newest_ts IS NOT NULL
        ORDER BY s.newest_ts DESC
        LIMIT 20
    ) AS w
    LEFT JOIN LATERAL (
        SELECT r.received_at
        FROM public.reading AS r
        WHERE r.e = w.e AND r.p = w.p AND r.ts > now() - interval '3 days'
        ORDER BY r.ts DESC
        LIMIT 1
    ) AS r ON true
) AS n ON true
LEFT JOIN public.rule_cursor AS c ON c.e = v.e
LEFT JOIN LATERAL (SELECT count(*) AS spans FROM (SELECT 1 FROM public.dirty AS d WHERE d.e = v.e LIMIT 100000) AS x) AS b ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS waiting
    FROM (SELECT 1 FROM public.outbox AS o WHERE o.e = v.e AND o.sent_at IS NULL AND o.gave_up_at IS NULL LIMIT 100000) AS x
) AS o ON true;
COMMENT ON VIEW grafana.pipeline IS 'Whether anything is lost or late, part by part: data, arrival, ledger, rules, notifications.';
COMMENT ON COLUMN grafana.pipeline.data_age_s IS 'Age of the newest reading''s own instant; arrival_age_s of the moment it was received.';
COMMENT ON COLUMN grafana.pipeline.allowed_age_s IS 'How old the newest reading may be: as long as all points may be silent, and two minutes at least.';

-- With indexes and chunks, those of the columnstore too, which are no heirs of the table. What TimescaleDB has is looked
-- up when it runs: plain PostgreSQL never gets there.
CREATE FUNCTION grafana_inner.bytes(of regclass) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint;
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb') THEN
        EXECUTE 'SELECT public.hypertable_size($1)' INTO found USING of;
    END IF;
    RETURN coalesce(found, pg_total_relation_size(of));
END
$$;

CREATE VIEW grafana.storage WITH (security_barrier) AS
SELECT t.name AS table_name, grafana_inner.bytes(format('public.%I', t.name)::regclass) AS bytes
FROM unnest(ARRAY['reading', 'interval', 'interval_revision', 'day_total', 'quarantine', 'alert', 'evidence']) AS t (name)
WHERE EXISTS (SELECT 1 FROM grafana_access.login AS l WHERE l.login = session_user AND l.e IS NULL);
COMMENT ON VIEW grafana.storage IS 'Size of the large tables with their indexes and chunks; the district''s login only.';
