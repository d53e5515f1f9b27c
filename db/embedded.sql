-- What the bundled server is given after initdb: roles and the database. Run as its superuser, over its socket.

-- name: create_roles()#
-- Group roles as in the first migration; a login that migrates and owns, and a login that only acts as the application.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'enms_owner') THEN
        CREATE ROLE enms_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'enms_app') THEN
        CREATE ROLE enms_app NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'enms_reader') THEN
        CREATE ROLE enms_reader NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'enms_migrator') THEN
        CREATE ROLE enms_migrator LOGIN CREATEROLE CREATEDB;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'enms') THEN
        CREATE ROLE enms LOGIN;
    END IF;
    GRANT enms_owner, enms_app, enms_reader TO enms_migrator WITH ADMIN OPTION;
    GRANT enms_app TO enms;
END
$$;

-- name: database_exists()$
SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'enms');

-- name: create_database()#
CREATE DATABASE enms OWNER enms_owner;

-- name: close_database()#
-- Nobody connects who is not named.
REVOKE CONNECT, TEMPORARY ON DATABASE enms FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE enms TO enms_owner, enms_app;
GRANT CONNECT ON DATABASE enms TO enms_reader;
