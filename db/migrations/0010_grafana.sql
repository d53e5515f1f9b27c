-- Who may look through the views of schema `grafana`, and at whose data. Applied once, never edited.
--
-- Grafana hands any SQL of a viewer on to the data source, so nothing but the login decides what is seen. A login of
-- Grafana is bound to one enterprise, or to the district, by session_user: a session can change any setting of its
-- own, but not that.
CREATE SCHEMA grafana_access;
COMMENT ON SCHEMA grafana_access IS 'Logins of Grafana and whose data each may see. Not readable by them.';

CREATE TABLE grafana_access.login (
    login  name PRIMARY KEY,
    e      integer REFERENCES enterprise
);
COMMENT ON TABLE grafana_access.login IS 'A database login of Grafana and the one enterprise it sees; e NULL: the district, all of them.';

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'enms_grafana') THEN
        BEGIN
            CREATE ROLE enms_grafana NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another database of this server was migrated at the same moment
        END;
    END IF;
END
$$;
