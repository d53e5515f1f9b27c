-- Generated from enms/standards and enms/units.py by `python -m grafana.build`; a test holds them together.
-- Nothing here is checked against the official texts: `review` and the sources are in enms/standards.

CREATE VIEW grafana_inner.unit AS
SELECT symbol::text AS symbol, dimension::text AS dimension, factor::float8 AS factor, per_hour::text AS per_hour, amount_per_hour::float8 AS amount_per_hour
FROM (VALUES
    ('kWh', 'energy', 3600.0, NULL, 1.0),
    ('Wh', 'energy', 3.6, NULL, 1.0),
    ('MWh', 'energy', 3600000.0, NULL, 1.0),
    ('kJ', 'energy', 1.0, NULL, 1.0),
    ('MJ', 'energy', 1000.0, NULL, 1.0),
    ('GJ', 'energy', 1000000.0, NULL, 1.0),
    ('kgce', 'energy', 29307.6, NULL, 1.0),
    ('tce', 'energy', 29307600.0, NULL, 1.0),
    ('W', 'power', 0.001, 'kWh', 0.001),
    ('kW', 'power', 1.0, 'kWh', 1.0),
    ('MW', 'power', 1000.0, 'kWh', 1000.0),
    ('GJ/h', 'power', 277.77777777777777, 'GJ', 1.0),
    ('MJ/h', 'power', 0.2777777777777778, 'MJ', 1.0),
    ('kvarh', 'reactive_energy', 1.0, NULL, 1.0),
    ('Mvarh', 'reactive_energy', 1000.0, NULL, 1.0),
    ('kvar', 'reactive_power', 1.0, 'kvarh', 1.0),
    ('Mvar', 'reactive_power', 1000.0, 'kvarh', 1000.0),
    ('g', 'mass', 0.001, NULL, 1.0),
    ('kg', 'mass', 1.0, NULL, 1.0),
    ('t', 'mass', 1000.0, NULL, 1.0),
    ('kt', 'mass', 1000000.0, NULL, 1.0),
    ('kg/h', 'mass_rate', 1.0, 'kg', 1.0),
    ('t/h', 'mass_rate', 1000.0, 't', 1.0),
    ('kg/s', 'mass_rate', 3600.0, 'kg', 3600.0),
    ('Nm3', 'volume', 1.0, NULL, 1.0),
    ('m3', 'volume', 0.9317755415316391, NULL, 1.0),
    ('10^4Nm3', 'volume', 10000.0, NULL, 1.0),
    ('L', 'volume', 0.0009317755415316391, NULL, 1.0),
    ('Nm3/h', 'volume_rate', 1.0, 'Nm3', 1.0),
    ('kNm3/h', 'volume_rate', 1000.0, 'Nm3', 1000.0),
    ('m3/h', 'volume_rate', 0.9317755415316391, 'm3', 1.0),
    ('L/min', 'volume_rate', 0.05590653249189834, 'L', 60.0),
    ('count', 'count', 1.0, NULL, 1.0),
    ('h', 'time', 1.0, NULL, 1.0),
    ('degC', 'temperature', 1.0, NULL, 1.0),
    ('Pa', 'pressure', 0.001, NULL, 1.0),
    ('kPa', 'pressure', 1.0, NULL, 1.0),
    ('MPa', 'pressure', 1000.0, NULL, 1.0),
    ('A', 'current', 1.0, NULL, 1.0),
    ('kA', 'current', 1000.0, NULL, 1.0),
    ('V', 'voltage', 1.0, NULL, 1.0),
    ('kV', 'voltage', 1000.0, NULL, 1.0),
    ('Hz', 'frequency', 1.0, NULL, 1.0),
    ('rpm', 'speed', 1.0, NULL, 1.0),
    ('1', 'ratio', 1.0, NULL, 1.0),
    ('%', 'ratio', 0.01, NULL, 1.0),
    ('kJ/kg', 'heating_value_mass', 1.0, NULL, 1.0),
    ('MJ/kg', 'heating_value_mass', 1000.0, NULL, 1.0),
    ('GJ/t', 'heating_value_mass', 1000.0, NULL, 1.0),
    ('kJ/Nm3', 'heating_value_volume', 1.0, NULL, 1.0),
    ('MJ/Nm3', 'heating_value_volume', 1000.0, NULL, 1.0),
    ('kJ/m3', 'heating_value_volume', 1.0732198425773385, NULL, 1.0),
    ('MJ/m3', 'heating_value_volume', 1073.2198425773386, NULL, 1.0),
    ('m', 'length', 1.0, NULL, 1.0)
) AS row (symbol, dimension, factor, per_hour, amount_per_hour);
COMMENT ON VIEW grafana_inner.unit IS 'Units and how many of their dimension''s base unit one is.';

CREATE VIEW grafana_inner.carrier AS
SELECT code::text AS code, name_zh::text AS name_zh, name_en::text AS name_en, unit::text AS unit, kgce::float8 AS kgce
FROM (VALUES
    ('raw_coal', '原煤', 'Raw coal', 'kg', 0.7143),
    ('washed_coal', '洗精煤', 'Washed coal', 'kg', 0.9),
    ('middlings', '洗中煤', 'Middlings', 'kg', 0.2857),
    ('anthracite', '无烟煤', 'Anthracite (injection coal)', 'kg', NULL),
    ('coke', '焦炭（干全焦）', 'Coke (dry)', 'kg', 0.9714),
    ('crude_oil', '原油', 'Crude oil', 'kg', 1.4286),
    ('fuel_oil', '燃料油', 'Fuel oil', 'kg', 1.4286),
    ('gasoline', '汽油', 'Gasoline', 'kg', 1.4714),
    ('kerosene', '煤油', 'Kerosene', 'kg', 1.4714),
    ('diesel', '柴油', 'Diesel', 'kg', 1.4571),
    ('coal_tar', '煤焦油', 'Coal tar', 'kg', 1.1429),
    ('benzol', '粗苯', 'Crude benzol', 'kg', 1.4286),
    ('lpg', '液化石油气', 'LPG', 'kg', 1.7143),
    ('lng', '液化天然气', 'LNG', 'kg', 1.7572),
    ('refinery_gas', '炼厂干气', 'Refinery gas', 'kg', 1.5714),
    ('natural_gas', '天然气', 'Natural gas', 'm3', NULL),
    ('coke_oven_gas', '焦炉煤气', 'Coke-oven gas', 'Nm3', 0.5714),
    ('blast_furnace_gas', '高炉煤气', 'Blast-furnace gas', 'Nm3', 0.1286),
    ('converter_gas', '转炉煤气', 'Converter gas', 'Nm3', 0.2714),
    ('producer_gas', '发生炉煤气', 'Producer gas', 'Nm3', 0.1786),
    ('hydrogen', '氢气', 'Hydrogen', 'm3', NULL),
    ('heat', '热力', 'Heat', 'MJ', 0.03412),
    ('steam', '蒸汽', 'Steam', 'MJ', 0.03412),
    ('electricity', '电力', 'Electricity', 'kWh', 0.1229),
    ('oxygen', '氧气', 'Oxygen', 'm3', NULL),
    ('nitrogen', '氮气', 'Nitrogen', 'm3', NULL),
    ('argon', '氩气', 'Argon', 'm3', NULL),
    ('compressed_air', '压缩空气', 'Compressed air', 'm3', 0.04),
    ('blast', '鼓风', 'Blast', 'm3', 0.03),
    ('fresh_water', '新水', 'Fresh water', 'm3', 0.2571),
    ('softened_water', '软化水', 'Softened water', 'm3', 0.4857),
    ('deaerated_water', '除氧水', 'Deaerated water', 'm3', 0.9714)
) AS row (code, name_zh, name_en, unit, kgce);
COMMENT ON VIEW grafana_inner.carrier IS 'Energy carriers; kgce per unit on the calorific basis (GB/T 2589-2020), NULL where no default is safe.';

CREATE VIEW grafana_inner.carbon_factor AS
SELECT carrier::text AS carrier, effective_from::date AS effective_from, tco2_per_gj::float8 AS tco2_per_gj, tco2_per_unit::float8 AS tco2_per_unit, unit::text AS unit
FROM (VALUES
    ('blast_furnace_gas', NULL, 0.257004, NULL, 'Nm3'),
    ('coal_tar', NULL, 0.07905333333333332, NULL, 't'),
    ('coke', NULL, 0.100595, NULL, 't'),
    ('coke_oven_gas', NULL, 0.043923, NULL, 'Nm3'),
    ('converter_gas', NULL, 0.18004799999999999, NULL, 'Nm3'),
    ('crude_oil', NULL, 0.072226, NULL, 't'),
    ('diesel', NULL, 0.07258533333333332, NULL, 't'),
    ('electricity', '2023-01-01', NULL, 0.6479, 'MWh'),
    ('fuel_oil', NULL, 0.07581933333333334, NULL, 't'),
    ('gasoline', NULL, 0.067914, NULL, 't'),
    ('heat', '2026-07-01', NULL, 0.11, 'GJ'),
    ('kerosene', NULL, 0.07042933333333333, NULL, 't'),
    ('lpg', NULL, 0.06180533333333333, NULL, 't'),
    ('natural_gas', NULL, 0.05553899999999999, NULL, 'Nm3'),
    ('raw_coal', NULL, 0.11198549999999999, NULL, 't'),
    ('refinery_gas', NULL, 0.066066, NULL, 't'),
    ('steam', '2026-07-01', NULL, 0.11, 'GJ'),
    ('washed_coal', NULL, 0.086614, NULL, 't')
) AS row (carrier, effective_from, tco2_per_gj, tco2_per_unit, unit);
COMMENT ON VIEW grafana_inner.carbon_factor IS 'tCO2 per GJ of a fuel, or per unit of electricity or heat; effective_from NULL: for all days.';

CREATE VIEW grafana_inner.limit_row AS
SELECT standard::text AS standard, edition::text AS edition, effective_from::date AS effective_from, effective_to::date AS effective_to, item::text AS item, level1::float8 AS level1, level2::float8 AS level2, level3::float8 AS level3, unit::text AS unit, existing_level::int AS existing_level, new_level::int AS new_level
FROM (VALUES
    ('GB 21256', 'GB 21256-2025', '2026-07-01', NULL, 'sintering', 43.0, 46.0, 52.0, 'kgce/t', 3, 2),
    ('GB 21256', 'GB 21256-2025', '2026-07-01', NULL, 'pelletizing', 15.0, 22.0, 33.0, 'kgce/t', 3, 2),
    ('GB 21256', 'GB 21256-2025', '2026-07-01', NULL, 'blast_furnace', 361.0, 370.0, 415.0, 'kgce/t', 3, 2),
    ('GB 21256', 'GB 21256-2025', '2026-07-01', NULL, 'converter', -30.0, -28.0, -12.0, 'kgce/t', 3, 2),
    ('GB 21256', 'GB 21256-2025', '2026-07-01', NULL, 'eaf_lt50t', 61.0, NULL, 86.0, 'kgce/t', 3, 2),
    ('GB 21256', 'GB 21256-2025', '2026-07-01', NULL, 'eaf_50_70t', 61.0, NULL, 72.0, 'kgce/t', 3, 2),
    ('GB 21256', 'GB 21256-2025', '2026-07-01', NULL, 'eaf_ge70t', 61.0, 64.0, 72.0, 'kgce/t', 3, 2)
) AS row (standard, edition, effective_from, effective_to, item, level1, level2, level3, unit, existing_level, new_level);
COMMENT ON VIEW grafana_inner.limit_row IS 'National limits before corrections; effective_to is the last day.';

CREATE VIEW grafana_inner.limit_correction AS
SELECT edition::text AS edition, item::text AS item, input::text AS input, rule::text AS rule, value::float8 AS value, below::float8 AS below, at_most_points::float8 AS at_most_points, unit::text AS unit, required::bool AS required
FROM (VALUES
    ('GB 21256-2025', 'blast_furnace', 'laterite_nickel_pct', 'per_point', 0.5, NULL, NULL, '%', false),
    ('GB 21256-2025', 'blast_furnace', 'ore_grade_pct', 'per_point_below', 3.61, 62.0, 5.0, '%', false),
    ('GB 21256-2025', 'blast_furnace', 'rare_earth_ore_pct', 'per_point', 0.3, NULL, NULL, '%', true),
    ('GB 21256-2025', 'blast_furnace', 'vti_magnetite_pct', 'per_point', 0.45, NULL, NULL, '%', false),
    ('GB 21256-2025', 'converter', 'scrap_ratio_pct', 'per_point', 0.23, NULL, NULL, '%', false),
    ('GB 21256-2025', 'converter', 'steel_bearing_gear_hardwire_tool', 'when', 1.2, NULL, NULL, '1', false),
    ('GB 21256-2025', 'converter', 'steel_deepdraw_pipeline', 'when', 1.5, NULL, NULL, '1', false),
    ('GB 21256-2025', 'converter', 'steel_quality_carbon', 'when', 0.8, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_50_70t', 'all_stainless', 'factor', 1.1, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_50_70t', 'hot_metal_ratio_pct', 'per_point', -0.8, NULL, NULL, '%', false),
    ('GB 21256-2025', 'eaf_50_70t', 'steel_bearing_gear_hardwire_tool', 'when', 15.0, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_50_70t', 'steel_quality_carbon', 'when', 8.0, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_ge70t', 'all_stainless', 'factor', 1.1, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_ge70t', 'hot_metal_ratio_pct', 'per_point', -0.8, NULL, NULL, '%', false),
    ('GB 21256-2025', 'eaf_ge70t', 'steel_bearing_gear_hardwire_tool', 'when', 15.0, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_ge70t', 'steel_quality_carbon', 'when', 8.0, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_lt50t', 'all_stainless', 'factor', 1.1, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_lt50t', 'hot_metal_ratio_pct', 'per_point', -0.8, NULL, NULL, '%', false),
    ('GB 21256-2025', 'eaf_lt50t', 'steel_bearing_gear_hardwire_tool', 'when', 15.0, NULL, NULL, '1', false),
    ('GB 21256-2025', 'eaf_lt50t', 'steel_quality_carbon', 'when', 8.0, NULL, NULL, '1', false),
    ('GB 21256-2025', 'pelletizing', 'laterite_nickel_pct', 'per_point', 1.2, NULL, NULL, '%', false),
    ('GB 21256-2025', 'pelletizing', 'rare_earth_ore_pct', 'per_point', 0.15, NULL, NULL, '%', true),
    ('GB 21256-2025', 'pelletizing', 'vti_magnetite_pct', 'per_point', 0.2, NULL, NULL, '%', false),
    ('GB 21256-2025', 'sintering', 'laterite_nickel_pct', 'per_point', 1.2, NULL, NULL, '%', false),
    ('GB 21256-2025', 'sintering', 'rare_earth_ore_pct', 'per_point', 0.15, NULL, NULL, '%', true),
    ('GB 21256-2025', 'sintering', 'vti_magnetite_pct', 'per_point', 0.2, NULL, NULL, '%', false)
) AS row (edition, item, input, rule, value, below, at_most_points, unit, required);
COMMENT ON VIEW grafana_inner.limit_correction IS 'What a declared circumstance does to a limit.';
