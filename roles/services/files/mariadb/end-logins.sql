-- Copyright: (c) 2026, Plannoir contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Locks every login but @owner_login and @app_login, and those of other kinds, after @grace seconds; drops those that were locked before. It
-- is run when every pod has the new logins. Safe to run again.
DELIMITER //
BEGIN NOT ATOMIC
  IF (SELECT COUNT(*) FROM mysql.global_priv WHERE User IN (@owner_login, @app_login)) < 2 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'there is no such login: nothing was ended';
  END IF;
  FOR old IN (
    SELECT User AS name, CONCAT(QUOTE(User), '@''%''') AS account, CONCAT('mysql.`end ', User, '`') AS event,
      IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) AS is_locked,
      -- What it defined works as long as it is there, locked or not.
      CONCAT(User, '@%') IN (
        SELECT DEFINER FROM information_schema.VIEWS
        UNION ALL SELECT DEFINER FROM information_schema.ROUTINES
        UNION ALL SELECT DEFINER FROM information_schema.TRIGGERS
        UNION ALL SELECT DEFINER FROM information_schema.EVENTS
      ) AS is_definer
    FROM mysql.global_priv
    WHERE User NOT IN (@owner_login, @app_login) AND User REGEXP '_[0-9a-f]{8}$'
      AND LEFT(User, CHAR_LENGTH(User) - 9) IN (LEFT(@owner_login, CHAR_LENGTH(@owner_login) - 9), LEFT(@app_login, CHAR_LENGTH(@app_login) - 9))
  ) DO
    IF old.is_locked AND NOT old.is_definer THEN
      EXECUTE IMMEDIATE CONCAT('DROP USER ', old.account);
    ELSEIF NOT old.is_locked THEN
      -- One that recurs survives a restart of the server; it is gone once it did its work.
      EXECUTE IMMEDIATE CONCAT('CREATE EVENT IF NOT EXISTS ', old.event, ' ON SCHEDULE EVERY 10 SECOND STARTS CURRENT_TIMESTAMP + INTERVAL ', @grace,
        ' SECOND DO BEGIN ALTER USER IF EXISTS ', old.account, ' ACCOUNT LOCK; DROP EVENT IF EXISTS ', old.event, '; END');
    END IF;
  END FOR;
END //
DELIMITER ;
