-- Copyright: (c) 2026, Plannoir contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Who may do what. Three group roles hold the rights; a login is a member of one of them and has a name of its own for each password, so
-- that a new password makes a new login while the old one still works. Safe to run again. Names and passwords come from the environment.
\getenv database DATABASE_NAME
\getenv owner_login OWNER_LOGIN
\getenv app_login APP_LOGIN
\getenv pooler_login POOLER_LOGIN
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
\getenv pooler_password POOLER_PASSWORD
SET password_encryption = 'scram-sha-256';
SET client_min_messages = 'warning';

CREATE PROCEDURE pg_temp.make_group(name text) LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole(name) IS NULL THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN', name);
  END IF;
END $$;

-- A login has a name of its own for each password. Others of its group stay until end-logins.sql ends them.
CREATE PROCEDURE pg_temp.make_login(grp text, login text, password text) LANGUAGE plpgsql AS $$
BEGIN
  IF to_regrole(login) IS NULL THEN
    EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L IN ROLE %I', login, password, grp);
  END IF;
  EXECUTE format('ALTER ROLE %I VALID UNTIL ''infinity''', login);
END $$;

SELECT :'database' || '_owner' AS owner, :'database' || '_app' AS app \gset
BEGIN;
CALL pg_temp.make_group(:'owner');
CALL pg_temp.make_group(:'app');
CALL pg_temp.make_group('pgbouncer');
CALL pg_temp.make_login(:'owner', :'owner_login', :'owner_password');
CALL pg_temp.make_login(:'app', :'app_login', :'app_password');
CALL pg_temp.make_login('pgbouncer', :'pooler_login', :'pooler_password');
-- Whatever an owner's login makes belongs to the group, so that it outlives the login.
SELECT format('ALTER ROLE %I SET role = %I', member::regrole, :'owner') FROM pg_auth_members WHERE roleid = to_regrole(:'owner') \gexec

-- The pooler asks for one thing only, and only about the application's logins; PgBouncer itself does not look at the end of a password.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO pgbouncer;
CREATE SCHEMA IF NOT EXISTS pgbouncer;
GRANT USAGE ON SCHEMA pgbouncer TO pgbouncer;
SELECT format($format$
  CREATE OR REPLACE FUNCTION pgbouncer.get_auth(login text) RETURNS TABLE (name name, verifier text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT role.rolname, role.rolpassword
    FROM pg_authid AS role JOIN pg_auth_members AS member ON member.member = role.oid
    WHERE role.rolname = login AND role.rolcanlogin AND coalesce(role.rolvaliduntil, 'infinity') > now()
      AND member.roleid = %L::regrole
  $$ $format$, :'app') \gexec
REVOKE ALL ON FUNCTION pgbouncer.get_auth FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgbouncer.get_auth TO pgbouncer;
COMMIT;

SELECT format('CREATE DATABASE %I', :'database') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :database
BEGIN;
SET LOCAL client_min_messages = 'warning';
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE :"database" TO :"owner";
GRANT CONNECT ON DATABASE :"database" TO :"app";
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"app";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"app";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO :"app";
COMMIT;

SELECT format('%s: owner %s, application %s, pooler %s', :'database', :'owner', :'app',
  (SELECT string_agg(member::regrole::text, ', ') FROM pg_auth_members WHERE roleid = 'pgbouncer'::regrole));
