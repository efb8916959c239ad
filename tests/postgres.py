"""A private PostgreSQL cluster for tests: one per machine and user, shared by every test process, one database a test.

Needs nothing prepared: the binaries of an installed PostgreSQL are enough. ``O2C_TEST_POSTGRES_URL`` names a server to
use instead (its user must be allowed to create databases). Without either, tests that ask for PostgreSQL are skipped;
where ``CI=true`` they fail, so that half of the stores cannot go untested unnoticed.

Processes share the cluster by a file lock: each holds it shared while it runs; whoever can take it alone at the end is
the last one and stops the server. A killed process lets go of its lock by dying, and the next run tidies up.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

URL_VARIABLE = "O2C_TEST_POSTGRES_URL"
SERVER_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    # the tests kill processes, not the machine: what the kernel holds is durable enough
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server: ``admin`` is a URL that may create databases."""

    admin: URL

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Yield the SQLAlchemy URL (psycopg 3) of a new, empty database; it is dropped afterwards."""
        name = f"o2c_{uuid.uuid4().hex}"
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = self.admin.set(drivername="postgresql+psycopg", database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        conninfo = self.admin.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Yield a PostgreSQL server; skip (or fail in CI) where there is none."""
    if given := os.environ.get(URL_VARIABLE):
        yield Postgres(make_url(given))
        return
    binaries = _binaries()
    if binaries is None:
        _unavailable(f"PostgreSQL is not installed, and {URL_VARIABLE} is not set")
        return
    with _cluster(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Yield the URL of a fresh PostgreSQL database for one test."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a fresh database for one test, which so runs twice: on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("postgres_url"))


def _unavailable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _binaries() -> Path | None:
    """Return the newest installed PostgreSQL's directory of programs."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(installed, key=lambda path: int(path.parent.name), default=None)


@contextlib.contextmanager
def _cluster(binaries: Path) -> Iterator[Postgres]:
    """Join the machine's test cluster, starting it if need be; the last to leave stops it."""
    home = Path(tempfile.gettempdir()) / f"o2c-test-postgres-{os.getuid()}"
    home.mkdir(mode=0o755, exist_ok=True)
    with (home / "starting.lock").open("w") as starting, (home / "users.lock").open("w") as users:
        with _locked(starting):
            fcntl.flock(users, fcntl.LOCK_SH)
            _ensure_running(binaries, home)
        try:
            yield Postgres(
                URL.create("postgresql", username="postgres", database="postgres", query={"host": str(home)})
            )
        finally:
            with _locked(starting):
                _stop_if_last(binaries, home, users)


@contextlib.contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _stop_if_last(binaries: Path, home: Path, users: IO[str]) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    _run(binaries / "pg_ctl", "--pgdata", home / "data", "--mode", "immediate", "stop")
    shutil.rmtree(home / "data")


def _ensure_running(binaries: Path, home: Path) -> None:
    data = home / "data"
    if data.exists():
        if _succeeds(binaries / "pg_ctl", "--pgdata", data, "status"):
            return
        shutil.rmtree(data)
    data.mkdir(mode=0o700)
    if (owner := _server_user()) is not None:
        shutil.chown(data, owner)
        shutil.chown(home, owner)
    _run(binaries / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--no-sync")
    options = " ".join(f"-c {name}='{value}'" for name, value in SERVER_OPTIONS.items())
    options += f" -c unix_socket_directories='{home}' -c unix_socket_permissions=0700"
    _run(binaries / "pg_ctl", "--pgdata", data, "--log", data / "server.log", "--options", options, "--wait", "start")


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: then its own user runs it."""
    if os.getuid() != 0:
        return None
    return pwd.getpwnam("postgres").pw_name


def _run(*command: str | Path) -> None:
    done = _completed(*command)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stdout}")


def _succeeds(*command: str | Path) -> bool:
    return _completed(*command).returncode == 0


def _completed(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        user=_server_user(),
        cwd="/",
    )
