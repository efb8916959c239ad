"""``siebel-sim`` as a command: real processes, killed and started again while they tell what changed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.doubles.listening import SECONDS, listening
from tests.siebel_sim.simulator import TOKEN, Simulator
from tests.siebel_sim.telling import INSTALLED, PHONE, asset

COMMAND = [sys.executable, "-m", "siebel_sim"]


class Site:
    """A database, a port, and who is told; processes of the simulator come and go."""

    def __init__(self, folder: Path, send_to: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SIEBEL_SIM_")}
        said = {
            "PORT": str(port),
            "URL": f"sqlite:///{folder / 'siebel.sqlite'}",
            "CONTROL_TOKEN": TOKEN,
            "SEND_TO": send_to,
            "SEND_FIRST_WAIT": "0.1",
            "SEND_MOST_WAIT": "0.3",
            "SEND_LEASE": "2",
            "JOURNAL_SIZE": "0",
        }
        self.environment = clean | {f"SIEBEL_SIM_{name}": value for name, value in said.items()}
        self.siebel = Simulator(f"http://127.0.0.1:{port}", folder=INSTALLED)

    @contextmanager
    def running(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run the simulator in a process of its own until the block ends; it may be killed before."""
        with subprocess.Popen(
            [*COMMAND, *options], env=self.environment, stdout=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                self._wait(process)
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)
                    process.wait(SECONDS)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        pause = threading.Event()
        for _ in range(int(SECONDS / 0.05)):
            assert process.poll() is None
            try:
                if self.siebel.http("GET", "/health/ready")[0] == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pause.wait(0.05)
        raise AssertionError("the simulator does not serve")

    def do(self, *command: str, ok: bool = True) -> str:
        """Run a command; what it printed, or what it complained of when it is to fail."""
        done = subprocess.run(
            [*COMMAND, *command], env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == (0 if ok else 1), done.stderr
        return done.stdout if ok else done.stderr

    def asset(self, key: str) -> str:
        """Make an asset; its row id."""
        seed = {"integration_object": "CUT Sample Asset IO", "records": [asset(key)]}
        ((made,),) = self.siebel.did("POST", "/seed", [seed])
        return str(made["Id"])

    def counts(self) -> Any:
        """Count what is in the outbox."""
        return self.siebel.did("GET", "/outbox")["counts"]


def test_what_was_being_delivered_when_the_process_was_killed_is_delivered_again_with_the_same_id(
    tmp_path: Path,
) -> None:
    with listening() as (ear, address):
        site = Site(tmp_path, address)
        with site.running() as process:
            ear.open.clear()
            row_id = site.asset("P1")
            site.siebel.did("POST", "/change", {"record": "asset", "id": row_id, "set": {"SerialNumber": "2"}})
            (begun,) = ear.wait_for_call()
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(SECONDS)
        ear.open.set()
        assert [each.message_id for each in ear.wait_for(1)] == [begun]
        with site.running():
            again, later = ear.wait_for(3)[1:]
            assert (again.message_id, again.text("SerialNumber")) == (begun, "+44 P1")
            assert (later.operation, later.text("SerialNumber")) == (PHONE, "2")


def test_what_nobody_took_before_a_restart_is_delivered_after_it_by_any_of_several_workers(tmp_path: Path) -> None:
    with listening() as (_, address):
        port = int(address.rpartition(":")[2])
    site = Site(tmp_path, address)
    with site.running():
        ids = [site.asset(f"P{number}") for number in range(6)]
        for serial in "12":
            for row_id in ids:
                site.siebel.did("POST", "/change", {"record": "asset", "id": row_id, "set": {"SerialNumber": serial}})
        assert site.counts() == {"waiting": 18, "sent": 0, "parked": 0}
    with listening(port) as (ear, _), site.running("--workers", "2"):
        told = ear.wait_for(18)
        for row_id in ids:
            serials = [each.text("SerialNumber") for each in told if each.row_id == row_id]
            assert serials[1:] == ["1", "2"]
        assert len({each.message_id for each in told}) == 18


def test_the_commands_change_records_and_look_after_what_is_sent(tmp_path: Path) -> None:
    with listening() as (ear, address):
        site = Site(tmp_path, address)
        with site.running():
            row_id = site.asset("P1")
            ear.wait_for(1)
            assert "Serial Number" in site.do("change", "asset", row_id, "--set", "SerialNumber=+44 [2]")
            assert ear.wait_for(2)[1].text("SerialNumber") == "+44 [2]"
            assert "nothing to change" in site.do("change", "asset", row_id, "--set", "SerialNumber=+44 [2]")
            assert f"Told to {address}" in site.do("policies")
            site.do("policies", "off", "CUT Send Phone Number Data")
            done = json.loads(site.do("change", "asset", row_id, "--set", "SerialNumber=3", "--json"))
            assert done == {
                "business_component": "Asset Mgmt - Asset",
                "id": row_id,
                "changed": ["Serial Number"],
                "mod_id": 2,
            }
            shown = json.loads(site.do("policies", "list", "--json"))["policies"]
            assert [each["name"] for each in shown if not each["is_on"]] == ["CUT Send Phone Number Data"]
            listed = json.loads(site.do("outbox", "list", "--state", "sent", "--json"))
            assert [each["kind"] for each in listed["entries"]] == [PHONE, PHONE]
            assert "0 to be tried again" in site.do("outbox", "retry")
            assert site.do("outbox", "discard", "1", ok=False) == "siebel-sim: There is no parked row 1\n"
            assert "no record 1-0" in site.do("change", "asset", "1-0", "--set", "Name=x", ok=False)


def test_seed_makes_customers_straight_into_the_database_and_tells_nobody(tmp_path: Path) -> None:
    with listening() as (ear, address):
        site = Site(tmp_path, address)
        made = json.loads(site.do("seed", "--customers", "5", "--json"))
        assert made["customers"] == made["records"]["Account"] == 5
        assert "there are accounts already; --add makes more" in site.do("seed", ok=False)
        assert "5 Account" in site.do("seed", "--customers", "5", "--add")
        with site.running():
            assert len(site.siebel.call("CUTSampleAccountQueryPage", PageSize="100")) == 10
            assert site.counts() == {"waiting": 0, "sent": 0, "parked": 0}
        assert ear.told == []


@pytest.mark.parametrize("command", [(), ("serve",), ("seed",), ("change",), ("policies",), ("outbox",)])
def test_every_command_says_how_it_is_used(tmp_path: Path, command: tuple[str, ...]) -> None:
    said = Site(tmp_path, "http://127.0.0.1:9").do(*command, "--help")
    wanted = command or ("serve", "seed", "change", "policies", "outbox")
    assert all(name in said for name in wanted)


@pytest.mark.parametrize(
    ("variables", "command", "reason"),
    [
        ({}, ("policies",), "no simulator answers at http://127.0.0.1:"),
        ({"CONTROL_TOKEN": ""}, ("policies",), "set SIEBEL_SIM_CONTROL_TOKEN"),
        ({}, ("policies", "--token-file", "/nowhere/token"), "No such file"),
        ({"PORT": "0"}, ("outbox", "list"), "port: Input should be"),
        ({}, ("--policies", "/nowhere/policies.toml"), "policies.toml"),
        ({"URL": "nonsense"}, ("seed",), "SQLAlchemy URL"),
        ({"CONTRACTS": "/nowhere"}, ("serve",), "there is no WSDL"),
    ],
)
def test_what_a_command_cannot_do_is_told_in_a_line(
    tmp_path: Path, variables: dict[str, str], command: tuple[str, ...], reason: str
) -> None:
    site = Site(tmp_path, "http://127.0.0.1:9")
    site.environment |= {f"SIEBEL_SIM_{name}": value for name, value in variables.items()}
    told = site.do(*command, ok=False)
    assert told.startswith("siebel-sim: ")
    assert (reason in told, told.count("\n")) == (True, 1), told


def test_a_command_shows_nobody_the_token_when_it_is_refused(tmp_path: Path) -> None:
    with listening() as (_, address):
        site = Site(tmp_path, address)
        with site.running():
            site.environment["SIEBEL_SIM_CONTROL_TOKEN"] = TOKEN[::-1]
            assert "bearer token" in site.do("policies", ok=False)
