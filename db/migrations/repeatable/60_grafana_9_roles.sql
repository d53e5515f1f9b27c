-- Grafana's logins are members of enms_grafana: SELECT on the views of one schema, and nothing else anywhere.
-- Nobody may make temporary objects who is not named: a session that can make functions can get round a filter.
DO $$
BEGIN
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO enms_app', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO enms_reader, enms_grafana', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'only the owner of database % may close it to the public: do that before Grafana connects', current_database();
END
$$;
GRANT USAGE ON SCHEMA grafana TO enms_grafana;
GRANT SELECT ON ALL TABLES IN SCHEMA grafana TO enms_grafana;
