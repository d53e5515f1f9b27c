#!/bin/sh
# Run once by the image, on an empty data folder: roles, logins and the database. The superuser is nobody's login.
set -eu
for secret in db_migrator_password db_app_password; do
    [ -s "/run/secrets/$secret" ] || { echo "secret $secret is missing or empty: see docker/make_secrets.py" >&2; exit 1; }
done
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set migrator `cat /run/secrets/db_migrator_password`
\set app `cat /run/secrets/db_app_password`
CREATE ROLE enms_owner NOLOGIN;
CREATE ROLE enms_app NOLOGIN;
CREATE ROLE enms_reader NOLOGIN;
CREATE ROLE enms_migrator LOGIN CREATEROLE PASSWORD :'migrator';
CREATE ROLE enms LOGIN PASSWORD :'app';
GRANT enms_owner, enms_app, enms_reader TO enms_migrator WITH ADMIN OPTION;
GRANT enms_app TO enms;
CREATE DATABASE enms OWNER enms_owner;
REVOKE CONNECT, TEMPORARY ON DATABASE enms FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE enms TO enms_owner, enms_app;
GRANT CONNECT ON DATABASE enms TO enms_reader;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
\connect enms
ALTER SCHEMA public OWNER TO enms_owner;
SELECT 'CREATE EXTENSION IF NOT EXISTS timescaledb'
WHERE EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb') \gexec
SQL
