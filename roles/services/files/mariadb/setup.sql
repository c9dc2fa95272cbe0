-- Copyright: (c) 2026, Plannoir contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Who may do what. A login has a name of its own for each password, so that a new password makes a new login while the old one still works.
-- Rights hold for the whole database, tables to come included. Safe to run again.
DELIMITER //
BEGIN NOT ATOMIC
  -- In a grant, an underscore stands for any character.
  DECLARE place TEXT DEFAULT CONCAT('`', REPLACE(@database_name, '_', '\\_'), '`.*');
  EXECUTE IMMEDIATE CONCAT('CREATE DATABASE IF NOT EXISTS `', @database_name, '`');
  FOR login IN (
    SELECT CONCAT(QUOTE(@owner_login), '@''%''') AS name, @owner_login AS event, @owner_password AS password, 'ALL PRIVILEGES' AS rights
    UNION ALL
    SELECT CONCAT(QUOTE(@app_login), '@''%'''), @app_login, @app_password,
      'SELECT, INSERT, UPDATE, DELETE, EXECUTE, SHOW VIEW, LOCK TABLES, CREATE TEMPORARY TABLES'
  ) DO
    EXECUTE IMMEDIATE CONCAT('DROP EVENT IF EXISTS mysql.`end ', login.event, '`');
    EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS ', login.name, ' IDENTIFIED BY ', QUOTE(login.password));
    EXECUTE IMMEDIATE CONCAT('ALTER USER ', login.name, ' ACCOUNT UNLOCK');
    EXECUTE IMMEDIATE CONCAT('GRANT ', login.rights, ' ON ', place, ' TO ', login.name);
  END FOR;
END //
DELIMITER ;
SELECT CONCAT(@database_name, ': owner ', @owner_login, ', application ', @app_login);
