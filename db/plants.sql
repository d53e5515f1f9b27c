-- name: lock_plant_load()$
-- Two loads at once would each see the other's points as absent.
SELECT pg_advisory_xact_lock(hashtext('enms plant load'))::text;

-- name: upsert_enterprise(code, name_zh, name_en, industry, timezone, day_starts, month_starts_day, now)$
INSERT INTO enterprise (code, name_zh, name_en, industry, timezone, day_starts, month_starts_day, registered_at)
VALUES (:code, :name_zh, :name_en, :industry, :timezone, :day_starts, :month_starts_day, :now)
ON CONFLICT (code) DO UPDATE SET
    name_zh = excluded.name_zh, name_en = excluded.name_en, industry = excluded.industry,
    timezone = excluded.timezone, day_starts = excluded.day_starts, month_starts_day = excluded.month_starts_day
RETURNING e;

-- name: find_enterprise(code)^
SELECT e, code, name_zh, name_en, industry, timezone, day_starts, month_starts_day, registered_at, scope
FROM enterprise WHERE code = :code;

-- name: all_enterprises()
SELECT e, code, name_zh, name_en, industry, timezone, day_starts, month_starts_day, registered_at, scope
FROM enterprise ORDER BY code;

-- name: ensure_district(code, name_zh, name_en, now)!
-- On the calendar of the first plant with generating units; without one there is nothing to judge yet.
INSERT INTO enterprise (code, name_zh, name_en, industry, timezone, day_starts, month_starts_day, registered_at, scope)
SELECT :code, :name_zh, :name_en, 'other', timezone, day_starts, month_starts_day, :now, 'district'
FROM enterprise
WHERE EXISTS (SELECT FROM generating_unit AS u WHERE u.e = enterprise.e)
  AND NOT EXISTS (SELECT FROM enterprise AS d WHERE d.scope = 'district')
ORDER BY e LIMIT 1
ON CONFLICT DO NOTHING;

-- name: delete_shifts(e)!
DELETE FROM shift WHERE e = :e;

-- name: insert_shift(e, code, starts, ends)!
INSERT INTO shift (e, code, starts, ends) VALUES (:e, :code, :starts, :ends);

-- name: shifts(e)
SELECT code, starts, ends FROM shift WHERE e = :e ORDER BY starts;

-- name: upsert_process(e, code, name_zh, name_en, kind, parent, commissioned, position, now)!
INSERT INTO process (e, code, name_zh, name_en, kind, parent, commissioned, position, recorded_at)
VALUES (:e, :code, :name_zh, :name_en, :kind, :parent, :commissioned, :position, :now)
ON CONFLICT (e, code) DO UPDATE SET
    name_zh = excluded.name_zh, name_en = excluded.name_en, kind = excluded.kind, parent = excluded.parent,
    commissioned = excluded.commissioned, position = excluded.position,
    recorded_at = CASE WHEN process.commissioned IS DISTINCT FROM excluded.commissioned
                       THEN excluded.recorded_at ELSE process.recorded_at END;

-- name: delete_other_processes(e, codes)!
DELETE FROM process WHERE e = :e AND code <> ALL (:codes::text[]);

-- name: processes(e)
SELECT code, name_zh, name_en, kind, parent, commissioned FROM process WHERE e = :e ORDER BY position;

-- name: insert_point(e, code, now)$
INSERT INTO point (e, code, registered_at) VALUES (:e, :code, :now) RETURNING p;

-- name: current_points(e)
-- The version of each point that is last in time, retired ones too.
SELECT DISTINCT ON (point.p) point.p, point.code, c.*
FROM point
JOIN point_config_span AS c USING (e, p)
WHERE point.e = :e
ORDER BY point.p, c.valid_from DESC;

-- name: config_at(e, p, at)^
SELECT * FROM point_config_span WHERE e = :e AND p = :p AND valid_from <= :at AND :at < valid_to;

-- name: insert_point_config(e, p, valid_from, recorded_at, retired, name_zh, name_en, process, carrier, role, reading, unit, amount_unit, to_amount, aggregate, rated_per_hour, period_s, reporting, max_gap_s, max_silence_s, min_value, max_value, frozen_after_s, parent, ncv, in_service_from, virtual, position)!
INSERT INTO point_config (
    e, p, valid_from, recorded_at, retired, name_zh, name_en, process, carrier, role, reading, unit, amount_unit,
    to_amount, aggregate, rated_per_hour, period_s, reporting, max_gap_s, max_silence_s, min_value, max_value,
    frozen_after_s, parent, ncv, in_service_from, virtual, position)
VALUES (
    :e, :p, :valid_from, :recorded_at, :retired, :name_zh, :name_en, :process, :carrier, :role, :reading, :unit,
    :amount_unit, :to_amount, :aggregate, :rated_per_hour, :period_s, :reporting, :max_gap_s, :max_silence_s,
    :min_value, :max_value, :frozen_after_s, :parent, :ncv, :in_service_from, :virtual, :position);

-- name: insert_installation(e, p, installed_at, recorded_at, kind, final_value, initial_value, multiplier, register_max, resolution, accuracy_class, calibrated)!
INSERT INTO installation (
    e, p, installed_at, recorded_at, kind, final_value, initial_value, multiplier, register_max, resolution,
    accuracy_class, calibrated)
VALUES (
    :e, :p, :installed_at, :recorded_at, :kind, :final_value, :initial_value, :multiplier, :register_max, :resolution,
    :accuracy_class, :calibrated);

-- name: installations(e)
SELECT p, installed_at, removed_at, kind, final_value, initial_value, multiplier, register_max, resolution,
       accuracy_class, calibrated
FROM installation_span WHERE e = :e ORDER BY p, installed_at;

-- name: insert_dirty(e, p, from_ts, to_ts)!
INSERT INTO dirty (e, p, from_ts, to_ts) VALUES (:e, :p, :from_ts, :to_ts);

-- name: insert_enpi(e, code)$
INSERT INTO enpi (e, code) VALUES (:e, :code) RETURNING id;

-- name: insert_enpi_version(e, id, valid_from, recorded_at, retired, definition)!
INSERT INTO enpi_version (e, id, valid_from, recorded_at, retired, definition)
VALUES (:e, :id, :valid_from, :recorded_at, :retired, :definition);

-- name: current_enpis(e)
SELECT DISTINCT ON (enpi.id) enpi.id, enpi.code, v.valid_from, v.retired, v.definition::text AS definition
FROM enpi JOIN enpi_span AS v USING (e, id)
WHERE enpi.e = :e
ORDER BY enpi.id, v.valid_from DESC;

-- name: insert_motor(e, code)$
INSERT INTO motor (e, code) VALUES (:e, :code) RETURNING id;

-- name: insert_motor_version(e, id, valid_from, recorded_at, retired, definition)!
INSERT INTO motor_version (e, id, valid_from, recorded_at, retired, definition)
VALUES (:e, :id, :valid_from, :recorded_at, :retired, :definition);

-- name: current_motors(e)
SELECT DISTINCT ON (motor.id) motor.id, motor.code, v.valid_from, v.retired, v.definition::text AS definition
FROM motor JOIN motor_span AS v USING (e, id)
WHERE motor.e = :e
ORDER BY motor.id, v.valid_from DESC;

-- name: insert_supply(e, code)$
INSERT INTO supply (e, code) VALUES (:e, :code) RETURNING id;

-- name: insert_supply_version(e, id, valid_from, recorded_at, retired, definition)!
INSERT INTO supply_version (e, id, valid_from, recorded_at, retired, definition)
VALUES (:e, :id, :valid_from, :recorded_at, :retired, :definition);

-- name: current_supplies(e)
SELECT DISTINCT ON (supply.id) supply.id, supply.code, v.valid_from, v.retired, v.definition::text AS definition
FROM supply JOIN supply_span AS v USING (e, id)
WHERE supply.e = :e
ORDER BY supply.id, v.valid_from DESC;

-- name: insert_budget(e, code)$
INSERT INTO budget (e, code) VALUES (:e, :code) RETURNING id;

-- name: insert_budget_version(e, id, valid_from, recorded_at, retired, definition)!
INSERT INTO budget_version (e, id, valid_from, recorded_at, retired, definition)
VALUES (:e, :id, :valid_from, :recorded_at, :retired, :definition);

-- name: current_budgets(e)
SELECT DISTINCT ON (budget.id) budget.id, budget.code, v.valid_from, v.retired, v.definition::text AS definition
FROM budget JOIN budget_span AS v USING (e, id)
WHERE budget.e = :e
ORDER BY budget.id, v.valid_from DESC;

-- name: current_factors(e)
SELECT DISTINCT ON (carrier, basis, effective_from)
       carrier, basis, effective_from, effective_to, unit, kgce, source, retired
FROM site_factor WHERE e = :e
ORDER BY carrier, basis, effective_from, recorded_at DESC;

-- name: insert_factor(e, carrier, basis, effective_from, recorded_at, effective_to, unit, kgce, source, retired)!
INSERT INTO site_factor (e, carrier, basis, effective_from, recorded_at, effective_to, unit, kgce, source, retired)
VALUES (:e, :carrier, :basis, :effective_from, :recorded_at, :effective_to, :unit, :kgce, :source, :retired);

-- name: current_carbon(e)
SELECT DISTINCT ON (carrier, effective_from)
       carrier, effective_from, recorded_at, effective_to, unit, carbon, carbon_per_gj, tco2, oxidation, source, retired
FROM site_carbon WHERE e = :e
ORDER BY carrier, effective_from, recorded_at DESC;

-- name: insert_carbon(e, carrier, effective_from, recorded_at, effective_to, unit, carbon, carbon_per_gj, tco2, oxidation, source, retired)!
INSERT INTO site_carbon (e, carrier, effective_from, recorded_at, effective_to, unit, carbon, carbon_per_gj, tco2, oxidation,
                         source, retired)
VALUES (:e, :carrier, :effective_from, :recorded_at, :effective_to, :unit, :carbon, :carbon_per_gj, :tco2, :oxidation,
        :source, :retired);

-- name: announce_config(payload)$
SELECT pg_notify('enms_config', :payload)::text;

-- name: insert_unit(e, code)$
INSERT INTO generating_unit (e, code) VALUES (:e, :code) RETURNING id;

-- name: insert_unit_version(e, id, valid_from, recorded_at, retired, definition)!
INSERT INTO generating_unit_version (e, id, valid_from, recorded_at, retired, definition)
VALUES (:e, :id, :valid_from, :recorded_at, :retired, :definition::jsonb);

-- name: current_units(e)
SELECT DISTINCT ON (u.id) u.id, u.code, v.valid_from, v.retired, v.definition::text AS definition
FROM generating_unit AS u JOIN generating_unit_span AS v USING (e, id)
WHERE u.e = :e
ORDER BY u.id, v.valid_from DESC;
