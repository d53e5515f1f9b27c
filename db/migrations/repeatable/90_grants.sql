-- Who may touch what. Re-applied after every migration, so that a new table is never forgotten.
GRANT USAGE ON SCHEMA public TO enms_app, enms_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO enms_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO enms_app;
REVOKE INSERT, UPDATE, DELETE ON schema_migration FROM enms_app;
