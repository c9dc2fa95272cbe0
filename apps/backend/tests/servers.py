"""The real servers that the tests talk to: PostgreSQL, the model stand-in, the backend itself."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote

import httpx
import trustme

BACKEND = Path(__file__).parents[1]
OPENROUTER = BACKEND.parents[1] / "roles/services/files/openrouter"
PASSWORD = "p@ss/wörd:1%"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Postgres:
    """A PostgreSQL server of its own, over TLS with passwords; run it as root or as anybody else."""

    def __init__(self) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if not programs:
            raise RuntimeError("These tests need PostgreSQL's server programs: apt-get install postgresql")
        self._programs = programs[-1].parent
        self._user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="plannoir-postgres-"))
        self.ca_file = self.folder / "ca.crt"
        self.port = free_port()
        self._write_files()
        self._run("initdb", "--pgdata=data", "--username=plannoir", "--pwfile=password", "--encoding=UTF8", "--no-sync")
        (self.folder / "data/pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")

    def _write_files(self) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        authority.cert_pem.write_to_path(self.ca_file)
        certificate.private_key_pem.write_to_path(self.folder / "server.key")
        certificate.cert_chain_pems[0].write_to_path(self.folder / "server.crt")
        (self.folder / "password").write_text(PASSWORD)
        (self.folder / "server.key").chmod(0o600)
        for path in (self.folder, *self.folder.iterdir()):
            if self._user:
                shutil.chown(path, self._user)
        self.ca_file.chmod(0o644)
        self.folder.chmod(0o755)

    def _run(self, program: str, *arguments: str) -> None:
        with (self.folder / "log").open("a") as log:
            command = [str(self._programs / program), *arguments]
            done = subprocess.run(command, cwd=self.folder, user=self._user, stdout=log, stderr=log, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{(self.folder / 'log').read_text()}")

    def start(self) -> Self:
        """Start it and wait until it answers."""
        tls = f"-c ssl=on -c ssl_cert_file={self.folder}/server.crt -c ssl_key_file={self.folder}/server.key"
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync=off {tls}"
        self._run("pg_ctl", "start", "--pgdata=data", "--wait", "--log=server.log", f"--options={options}")
        return self

    def stop(self) -> None:
        """Stop it at once, as a crash would; every connection breaks."""
        self._run("pg_ctl", "stop", "--pgdata=data", "--wait", "--mode=immediate")

    def remove(self) -> None:
        """Stop it for good."""
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, database: str = "postgres", password: str = PASSWORD) -> str:
        """How an application reaches it."""
        return f"postgres://plannoir:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"


class Server:
    """A uvicorn process; leave the ``with`` block to end it."""

    def __init__(self, folder: Path, application: str, health: str, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory(prefix="plannoir-server-")
        self._log = Path(self._folder.name, "log")
        self._health = health
        command = [sys.executable, "-m", "uvicorn", application, "--host=127.0.0.1", f"--port={self.port}"]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--no-access-log"],
                cwd=folder,
                env={"PATH": os.environ["PATH"], **environment},
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        wait_until(self._answers, seconds=60)
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()
        self._folder.cleanup()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.process.terminate()
        self.process.wait(timeout=40)

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text()

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"The server ended:\n{self.log()}")
        try:
            return httpx.get(self.url + self._health).is_success
        except httpx.TransportError:
            return False


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Ask until ``condition`` holds; TimeoutError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {seconds} s")
        time.sleep(0.05)


def start_model(**environment: str) -> Server:
    """The model stand-in."""
    return Server(OPENROUTER, "standin.main:app", "/health", environment)


def environment(postgres: Postgres, model_url: str, **more: str) -> dict[str, str]:
    """What the backend is told."""
    return {
        "DATABASE_URL": postgres.url("plannoir"),
        "DATABASE_CA_FILE": str(postgres.ca_file),
        "OPENROUTER_BASE_URL": f"{model_url}/api/v1",
        "OPENROUTER_API_KEY": "sk-or-test",
        "SESSION_SECRET": "s" * 32,
        **more,
    }


def start_backend(postgres: Postgres, model_url: str, **more: str) -> Server:
    """The backend on a migrated database."""
    return Server(BACKEND, "app.main:app", "/health/live", environment(postgres, model_url, **more))


def alembic(settings: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Alembic as the migration job runs it."""
    return subprocess.Popen(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=BACKEND,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def migrate(settings: dict[str, str], *arguments: str) -> str:
    """Run Alembic to its end; what it printed."""
    process = alembic(settings, *(arguments or ("upgrade", "head")))
    output, _ = process.communicate(timeout=90)
    if process.returncode:
        raise RuntimeError(f"Alembic failed:\n{output}")
    return output
