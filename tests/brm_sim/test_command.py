import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from brm_sim.flist import Flist, Poid
from simkit.store import ControlStore
from soapkit.faults import NoAnswer, Unreachable
from tests.brm_sim.simulator import TOKEN, Simulator

HANDLE: Flist = {"POID": Poid("0.0.0.1", "/poid", -1)}
LOOPBACK = "PCM_OP_TEST_LOOPBACK"


@contextmanager
def started(
    database: Path, *options: str, token: str | None = TOKEN
) -> Iterator[tuple[subprocess.Popen[str], Simulator]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRM_SIM_")}
    command = [sys.executable, "-m", "brm_sim", "--port", str(port), "--url", f"sqlite:///{database}", *options]
    given = environment if token is None else environment | {"BRM_SIM_CONTROL_TOKEN": token}
    with subprocess.Popen(command, env=given, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process, Simulator(f"http://127.0.0.1:{port}")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(20)


def until_it_serves(simulator: Simulator) -> None:
    pause = threading.Event()
    for _ in range(600):
        try:
            simulator.call(LOOPBACK, HANDLE)
        except (Unreachable, NoAnswer):
            pause.wait(0.05)
        else:
            return
    raise AssertionError("the simulator does not serve")


def test_it_says_where_it_is_and_makes_a_token_when_there_is_none(tmp_path: Path) -> None:
    with started(tmp_path / "brm.sqlite", token=None) as (process, simulator):
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        until_it_serves(simulator)
        token = said[0].removeprefix("BRM_SIM_CONTROL_TOKEN=").strip()
        assert f"{simulator.address}/services/" in said[1]
        assert simulator.control("GET", "/clock", token=token)[0] == 200
        assert simulator.control("GET", "/clock")[0] == 401


def test_several_processes_serve_one_state_and_one_control(tmp_path: Path) -> None:
    with started(tmp_path / "brm.sqlite", "--workers", "2") as (_, simulator):
        until_it_serves(simulator)
        simulator.did("POST", "/faults", {"operation": "PCM_OP_TRANS_OPEN", "action": "drop", "at": "after"})
        with pytest.raises(NoAnswer):
            simulator.call("PCM_OP_TRANS_OPEN", {**HANDLE, "TRANS_ID": "1,0a,0b"}, flags=65536)
        for _ in range(8):
            simulator.call("PCM_OP_READ_OBJ", {"POID": Poid("0.0.0.1", "/account", 1)}, trans_id="1,0a,0b")
        assert len(simulator.did("GET", "/journal?transaction=1,0a,0b")) == 9


def test_what_was_prepared_before_a_kill_at_a_barrier_is_recovered_after_it(tmp_path: Path) -> None:
    database = tmp_path / "brm.sqlite"
    with started(database) as (process, simulator):
        until_it_serves(simulator)
        simulator.call("PCM_OP_TRANS_OPEN", {**HANDLE, "TRANS_ID": "1,0a,0b"}, flags=65536)
        product: Flist = {"POID": Poid("0.0.0.1", "/account", 1)}
        simulator.call("PCM_OP_READ_OBJ", product, flags=0x20000, trans_id="1,0a,0b")
        simulator.did("POST", "/faults", {"operation": "PCM_OP_TRANS_PREPARE", "action": "block", "at": "after"})
        caller = threading.Thread(target=prepare, args=(simulator,))
        caller.start()
        while not simulator.did("GET", "/barriers"):
            assert process.poll() is None
        process.kill()
        caller.join(20)
    with started(database) as (_, simulator):
        until_it_serves(simulator)
        (barrier,) = simulator.did("GET", "/barriers")
        assert (barrier["operation"], barrier["pid"]) == ("PCM_OP_TRANS_PREPARE", process.pid)


def prepare(simulator: Simulator) -> None:
    with pytest.raises((NoAnswer, Unreachable)):
        simulator.call("PCM_OP_TRANS_PREPARE", {**HANDLE, "TRANS_ID": "1,0a,0b"})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--workers", "0"], "workers: Input should be"),
        (["--url", "nonsense"], "SQLAlchemy URL"),
        (["--url", "sqlite:////nowhere/brm.sqlite"], "unable to open"),
        (["--catalog", "/nowhere/prices.toml"], "No such file"),
        (["--catalog", __file__, "--workers", "2"], "test_command.py"),
    ],
)
def test_what_makes_it_impossible_to_start_is_told_in_a_line(tmp_path: Path, options: list[str], reason: str) -> None:
    command = [sys.executable, "-m", "brm_sim", "--url", f"sqlite:///{tmp_path / 'brm.sqlite'}", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRM_SIM_")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, reason in ended.stderr, ended.stderr.count("\n")) == (1, True, 1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_says_how_it_is_and_finishes_what_it_has_begun_when_it_is_stopped(tmp_path: Path, workers: str) -> None:
    with started(tmp_path / "brm.sqlite", "--workers", workers) as (process, simulator):
        until_it_serves(simulator)
        ready = simulator.http("GET", "/health/ready")
        metrics = simulator.http("GET", "/metrics")[1]
        simulator.did("POST", "/faults", {"operation": LOOPBACK, "action": "block"})
        answers: list[Flist] = []
        caller = threading.Thread(target=lambda: answers.append(simulator.call(LOOPBACK, HANDLE)))
        caller.start()
        while not simulator.did("GET", "/barriers"):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        with closing(ControlStore(f"sqlite:///{tmp_path / 'brm.sqlite'}", journal_size=0)) as control:
            control.release()
        caller.join(20)

        assert process.wait(20) == 0
    assert ready == (200, b'{"ready": true, "checks": {"store": {"ok": true}}}')
    assert b"soap_requests_total{" in metrics
    assert len(answers) == 1
