-- name: find_enterprise(code)$
SELECT e FROM enterprise WHERE code = :code;

-- name: login_exists(login)$
SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :login);

-- name: member_of_grafana(login)$
SELECT EXISTS (
    SELECT 1
    FROM pg_auth_members AS m
    JOIN pg_roles AS r ON r.oid = m.member
    JOIN pg_roles AS g ON g.oid = m.roleid
    WHERE r.rolname = :login AND g.rolname = 'enms_grafana');

-- name: login_statements(login, verifier, connections)
-- What makes a login, in order: identifiers and literals are quoted by the server. The verifier is not the password.
SELECT s.statement
FROM (VALUES
    (1, CASE WHEN EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :login) THEN NULL
             ELSE format('CREATE ROLE %I NOLOGIN', :login::text) END),
    (2, format('ALTER ROLE %I LOGIN INHERIT CONNECTION LIMIT %s PASSWORD %L',
               :login::text, :connections::int, :verifier::text)),
    (3, format('GRANT enms_grafana TO %I', :login::text)),
    -- a viewer may set these back: what holds is the grant and the number of connections
    (4, format('ALTER ROLE %I SET statement_timeout = %L', :login::text, '10s')),
    (5, format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', :login::text, '30s')),
    (6, format('ALTER ROLE %I SET default_transaction_read_only = on', :login::text)),
    (7, format('ALTER ROLE %I SET search_path = grafana', :login::text)),
    (8, format('ALTER ROLE %I SET timezone = %L', :login::text, 'UTC')),
    -- plans over many small look-ups: compiling them costs more than they take
    (9, format('ALTER ROLE %I SET jit = off', :login::text))
) AS s (n, statement)
WHERE s.statement IS NOT NULL
ORDER BY s.n;

-- name: bind_login(login, e)!
INSERT INTO grafana_access.login (login, e) VALUES (:login, :e)
ON CONFLICT (login) DO UPDATE SET e = excluded.e;

-- name: forget_login(login)!
DELETE FROM grafana_access.login WHERE login = :login;

-- name: drop_statement(login)$
SELECT format('DROP ROLE IF EXISTS %I', :login::text);

-- name: logins()
SELECT l.login::text AS login, en.code AS enterprise, r.rolconnlimit AS connections
FROM grafana_access.login AS l
LEFT JOIN enterprise AS en USING (e)
LEFT JOIN pg_roles AS r ON r.rolname = l.login
ORDER BY l.login;
