"""Two operators change one user at the same moment: neither undoes what the other did, in either database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gateway.adapters.vault import Vault
from gateway.admin.users import UserDesk, Wrong, of_subject
from gateway.store.unit_of_work import SqlDatabase
from soapkit.wss.passwords import Passwords
from tests.doubles.clock import FakeClock
from tests.serving.servers import ROOT

PASSWORD = "correct horse"
ROUNDS = 20
PROGRAM = f"""
import sys
from gateway.adapters.vault import Vault
from gateway.admin.users import UserDesk, of_subject
from gateway.messaging.time import SystemClock
from gateway.store.unit_of_work import SqlDatabase

database = SqlDatabase(sys.argv[1])
desk = UserDesk(database, SystemClock(), Vault(None))
print("ready", flush=True)
sys.stdin.readline()
for number in range({ROUNDS}):
    if sys.argv[2] == "roles":
        desk.set_roles("osm", [f"role-{{number}}"])
    else:
        desk.add_certificates("osm", [of_subject(f"CN={{sys.argv[2]}}-{{number}}")])
database.close()
"""


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    opened = SqlDatabase(database_url)
    yield opened
    opened.close()


@pytest.fixture
def desk(database: SqlDatabase) -> UserDesk:
    return UserDesk(database, FakeClock(), Vault(None))


def test_a_role_that_is_taken_away_stays_away_while_somebody_adds_a_certificate(
    desk: UserDesk, database: SqlDatabase
) -> None:
    desk.add("osm", password=PASSWORD, roles=["admin"])
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as work:
            found = work.users.held("osm")
            assert found is not None
            meanwhile = pool.submit(desk.add_certificates, "osm", [of_subject("CN=osm")])
            with pytest.raises(TimeoutError):
                meanwhile.result(timeout=0.3)
            work.users.change(replace(found, roles=frozenset()), FakeClock().now())
            work.commit()
        meanwhile.result(timeout=60)

    (user,) = desk.users()
    assert (user.roles, [each.value for each in user.certificates]) == (frozenset(), ["CN=osm"])


def test_a_user_removed_meanwhile_is_not_changed_but_told_of(desk: UserDesk, database: SqlDatabase) -> None:
    desk.add("osm", password=PASSWORD)
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as work:
            assert work.users.remove("osm")
            meanwhile = pool.submit(desk.set_roles, "osm", ["admin"])
            with pytest.raises(TimeoutError):
                meanwhile.result(timeout=0.3)
            work.commit()
        with pytest.raises(Wrong, match="there is no user osm"):
            meanwhile.result(timeout=60)

    assert desk.users() == []


def test_processes_that_change_one_user_lose_nothing_of_each_other(desk: UserDesk, database_url: str) -> None:
    desk.add("osm", password=PASSWORD, roles=["admin"])
    parts = ("roles", "a", "b")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, database_url, part],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in parts
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in running:
        each.communicate("go\n", timeout=120)

    (user,) = desk.users()
    assert [each.returncode for each in running] == [0, 0, 0]
    assert user.roles == {f"role-{ROUNDS - 1}"}
    assert {each.value for each in user.certificates} == {
        f"CN={part}-{number}" for part in "ab" for number in range(ROUNDS)
    }
    assert Passwords().right(PASSWORD, user.password_hash)
