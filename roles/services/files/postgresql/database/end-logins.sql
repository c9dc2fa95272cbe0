-- Copyright: (c) 2026, Plannoir contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Ends every login of the groups that those in :logins are members of, but for these, after :grace; drops those that ended before.
-- It is run when every pod has the new logins. Safe to run again.
CREATE PROCEDURE pg_temp.end_others(logins text[], grace interval) LANGUAGE plpgsql AS $$
DECLARE
  missing text := (SELECT string_agg(name, ', ') FROM unnest(logins) AS name WHERE to_regrole(name) IS NULL);
  old record;
BEGIN
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'there is no login %: nothing was ended', missing;
  END IF;
  FOR old IN
    SELECT DISTINCT role.rolname AS name, role.rolvaliduntil AS ends
    FROM pg_auth_members AS member
    JOIN pg_roles AS role ON role.oid = member.member
    WHERE member.roleid IN (SELECT roleid FROM pg_auth_members WHERE member = ANY (SELECT to_regrole(name) FROM unnest(logins) AS name))
      AND role.rolcanlogin AND role.rolname <> ALL (logins)
  LOOP
    IF old.ends < now() THEN
      BEGIN
        EXECUTE format('DROP ROLE %I', old.name);
      EXCEPTION WHEN dependent_objects_still_exist THEN
        RAISE WARNING 'role % has expired and stays, because objects belong to it', old.name;
      END;
    ELSE
      EXECUTE format('ALTER ROLE %I VALID UNTIL %L', old.name, least(old.ends, now() + grace));
    END IF;
  END LOOP;
END $$;
CALL pg_temp.end_others(:'logins', :'grace');
