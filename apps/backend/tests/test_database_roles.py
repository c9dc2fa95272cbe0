"""The roles of the embedded database (the role services) on a real server: their rights, and a new password."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from servers import BACKEND, Postgres, environment, migrate

DATABASE = BACKEND.parents[1] / "roles/services/files/postgresql/database"
PASSWORDS = {
    name: f"{name.lower()} p@ss'wörd\\"
    for name in ("ADMIN_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD", "POOLER_PASSWORD")
}


class Roles:
    """A server that setup.sh has been run on."""

    def __init__(self, server: Postgres, folder: Path) -> None:
        self.server, self.folder = server, folder
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD {}").format(PASSWORDS["ADMIN_PASSWORD"])
            )

    def setup(self, **changed: str) -> str:
        """Run setup.sh; a login's name follows from its password, as the collection sees to."""
        given = {**PASSWORDS, **changed}
        logins = {
            f"{name}_LOGIN": self.login(prefix, given[f"{name}_PASSWORD"])
            for name, prefix in (("OWNER", "shop_owner"), ("APP", "shop"), ("POOLER", "pgbouncer"))
        }
        done = subprocess.run(
            ["sh", str(DATABASE / "setup.sh")],
            env={
                "PATH": os.environ["PATH"],
                "TMPDIR": str(self.folder),
                "SETUP_SQL": str(DATABASE / "setup.sql"),
                "DATABASE_HOST": "127.0.0.1",
                "PGPORT": str(self.server.port),
                "DATABASE_NAME": "shop",
                "CA_FILE": str(self.server.ca_file),
                **logins,
                **given,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert not [password for password in PASSWORDS.values() if password in done.stdout + done.stderr]
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def end_logins(self, grace: str, *logins: str) -> None:
        """Run end-logins.sh; in the container the socket needs no password."""
        done = subprocess.run(
            ["sh", str(DATABASE / "end-logins.sh"), grace, *logins],
            env={
                "PATH": os.environ["PATH"],
                "END_LOGINS_SQL": str(DATABASE / "end-logins.sql"),
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.server.port),
                "PGUSER": "postgres",
                "PGPASSWORD": PASSWORDS["ADMIN_PASSWORD"],
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)

    @staticmethod
    def login(prefix: str, password: str) -> str:
        return f"{prefix}_{hashlib.sha256(password.encode()).hexdigest()[:8]}"

    def url(self, prefix: str, password: str, database: str = "shop") -> str:
        login = self.login(prefix, password)
        address = f"127.0.0.1:{self.server.port}/{database}?sslmode=verify-full&sslrootcert={self.server.ca_file}"
        return f"postgresql://{login}:{quote(password, safe='')}@{address}"

    def app(self, password: str = PASSWORDS["APP_PASSWORD"], database: str = "shop") -> str:
        return self.url("shop", password, database)

    def owner(self, database: str = "shop") -> str:
        return self.url("shop_owner", PASSWORDS["OWNER_PASSWORD"], database)

    def pooler(self, database: str = "postgres") -> str:
        return self.url("pgbouncer", PASSWORDS["POOLER_PASSWORD"], database)


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    server = Postgres().start()
    made = Roles(server, tmp_path_factory.mktemp("setup"))
    made.setup()
    migrate(environment(server, "http://unused", DATABASE_URL=made.app(), MIGRATION_DATABASE_URL=made.owner()))
    yield made
    server.remove()


def refused(url: str, statement: str) -> str:
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
        connection.execute(statement.encode())
    return str(error.value)


def test_the_tables_belong_to_the_owners_group_and_not_to_its_login(roles: Roles) -> None:
    with psycopg.connect(roles.owner()) as connection:
        assert connection.execute("SELECT current_user::text").fetchone() == ("shop_owner",)
        owners = connection.execute("SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'")
        assert owners.fetchall() == [("shop_owner",)]


def test_the_application_reads_and_writes_rows_and_nothing_else(roles: Roles) -> None:
    with psycopg.connect(roles.app()) as connection:
        connection.execute(
            "INSERT INTO users (id, email, password_hash) VALUES (gen_random_uuid(), 'a@example.com', 'x')"
        )
        assert connection.execute("SELECT email FROM users").fetchall() == [("a@example.com",)]
        connection.execute("UPDATE users SET email = 'b@example.com'")
        connection.execute("DELETE FROM users")
    for statement in ("CREATE TABLE extra (id int)", "CREATE TEMPORARY TABLE extra (id int)", "CREATE SCHEMA extra"):
        assert "permission denied" in refused(roles.app(), statement)
    for statement in ("DROP TABLE users", "ALTER TABLE users ADD extra int", "TRUNCATE users", "SET ROLE shop_owner"):
        refused(roles.app(), statement)


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_the_application_cannot_connect_to_another_database(roles: Roles, database: str) -> None:
    for url in (roles.app(database=database), roles.owner(database)):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url)


def test_the_pooler_learns_verifiers_of_the_applications_logins_only(roles: Roles) -> None:
    ask = "SELECT verifier FROM pgbouncer.get_auth(%s)"
    with psycopg.connect(roles.pooler()) as connection:
        ((verifier,),) = connection.execute(ask, [login(roles.app())]).fetchall()
        assert verifier.startswith("SCRAM-SHA-256$")
        for other in ("postgres", login(roles.owner()), login(roles.pooler()), "nobody"):
            assert connection.execute(ask, [other]).fetchall() == []
    refused(roles.pooler(), "SELECT rolpassword FROM pg_authid")
    refused(roles.app(), "SELECT rolpassword FROM pg_authid")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(roles.pooler("shop"))


def login(url: str) -> str:
    return url.split("//")[1].split(":")[0]


def valid_until(roles: Roles, name: str) -> float | None:
    """Seconds from now; None without the login."""
    seconds = "CASE WHEN isfinite(rolvaliduntil) THEN extract(epoch FROM rolvaliduntil - now()) ELSE 'Infinity' END"
    query = f"SELECT ({seconds})::float FROM pg_roles WHERE rolname = %s"
    with psycopg.connect(roles.server.url()) as connection:
        row = connection.execute(query.encode(), [name]).fetchone()
    return row[0] if row else None


def test_running_it_again_changes_nothing(roles: Roles) -> None:
    query = "SELECT rolname::text, rolpassword, rolvaliduntil::text FROM pg_authid ORDER BY rolname"
    with psycopg.connect(roles.server.url()) as connection:
        before = connection.execute(query).fetchall()
    assert "owner shop_owner, application shop_app" in roles.setup()
    with psycopg.connect(roles.server.url()) as connection:
        assert connection.execute(query).fetchall() == before


def test_a_new_password_makes_a_new_login_and_ends_no_other(roles: Roles) -> None:
    """The pods have the old one until their release is replaced, and again when it is rolled back."""
    roles.setup(APP_PASSWORD="second")
    for name in (login(roles.app()), login(roles.app("second"))):
        assert valid_until(roles, name) == float("inf")
    for url in (roles.app(), roles.app("second")):
        psycopg.connect(url).close()


def test_other_logins_end_when_they_are_told_to(roles: Roles) -> None:
    roles.setup(APP_PASSWORD="second")
    roles.end_logins("5 minutes", login(roles.app("second")))
    assert 290 < (valid_until(roles, login(roles.app())) or 0) <= 300
    for untouched in (roles.app("second"), roles.owner(), roles.pooler()):
        assert valid_until(roles, login(untouched)) == float("inf")
    roles.end_logins("1 hour", login(roles.app("second")))
    assert (valid_until(roles, login(roles.app())) or 0) <= 300  # never later than before

    roles.setup(APP_PASSWORD="third")
    roles.end_logins("0 seconds", login(roles.app("third")))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(roles.app("second"))
    with psycopg.connect(roles.pooler()) as connection:
        assert connection.execute("SELECT * FROM pgbouncer.get_auth(%s)", [login(roles.app("second"))]).fetchall() == []

    roles.setup()
    roles.end_logins("0 seconds", login(roles.app()))
    assert valid_until(roles, login(roles.app("second"))) is None
    assert valid_until(roles, login(roles.app())) == float("inf")
    with psycopg.connect(roles.app()) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


@pytest.mark.parametrize(
    ("logins", "said"),
    [
        ([], "name the time"),
        (["shop_12345678"], "there is no login shop_12345678: nothing was ended"),
        (["x'; DROP"], "is no login of ours"),
    ],
)
def test_no_login_ends_for_a_name_that_is_wrong(roles: Roles, logins: list[str], said: str) -> None:
    with pytest.raises(RuntimeError, match=said):
        roles.end_logins("0 seconds", *logins)
    psycopg.connect(roles.app()).close()


def test_no_password_is_logged_even_by_a_server_that_logs_everything(roles: Roles) -> None:
    with psycopg.connect(roles.server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
    roles.setup(APP_PASSWORD="logged hunter2")
    with pytest.raises(RuntimeError, match="reserved") as error:
        roles.setup(APP_PASSWORD="failed hunter2", APP_LOGIN="pg_hunted")
    log = (roles.server.folder / "server.log").read_text()
    assert "hunter2" not in log + str(error.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OWNER_PASSWORD", ""), ("DATABASE_NAME", "Shop; --"), ("DATABASE_NAME", "postgres"), ("OWNER_LOGIN", "Shop; --")],
)
def test_what_is_missing_or_wrong_is_named(roles: Roles, variable: str, value: str) -> None:
    with pytest.raises(RuntimeError, match=f"^setup: {variable}[ ,]"):
        roles.setup(**{variable: value})
