"""A server that is told to stop: what it has begun is answered, nobody new is let in, no process is left."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
import urllib3

from soapkit.client import Client, Timeout
from soapkit.faults import NoAnswer, RemoteFault, Unreachable
from tests.contract.soapkit.orders import element, order, orders
from tests.serving.conftest import Start
from tests.serving.processes import family, runs
from tests.serving.servers import Served, is_listening, wait_for
from tests.serving.sites import HELD

SITE = "tests.serving.sites:held"


class Caller(threading.Thread):
    """Places an order, and keeps what came of it."""

    def __init__(self, served: Served) -> None:
        super().__init__(daemon=True)
        self.came: object = None
        self._client = Client(orders(), f"{served.url}/services/Orders", timeout=Timeout(5, 60))
        self.start()

    def run(self) -> None:
        try:
            answer = self._client.call("PlaceOrder", element(order()))
        except (NoAnswer, Unreachable, RemoteFault) as error:
            self.came = error
        else:
            self.came = None if answer is None else answer[0].text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_answered_and_nobody_new_let_in(
    server: Start, number: signal.Signals, tmp_path: Path
) -> None:
    served = server(SITE, environment={HELD: str(tmp_path)})
    caller = Caller(served)
    wait_for((tmp_path / "entered").exists)
    processes = family(served.pid)
    assert served.process is not None
    served.process.send_signal(number)

    wait_for(lambda: not is_listening(served.port))
    still_held = caller.is_alive()
    (tmp_path / "release").touch()
    caller.join(30)

    assert still_held
    assert caller.came == "held"
    assert served.process.wait(30) == 0
    assert [pid for pid in processes if runs(pid)] == []


def test_what_never_ends_is_given_up_after_a_while(server: Start, tmp_path: Path) -> None:
    served = server(SITE, environment={HELD: str(tmp_path)}, drain_seconds=1)
    caller = Caller(served)
    wait_for((tmp_path / "entered").exists)
    processes = family(served.pid)

    assert served.stop() == 0

    caller.join(30)
    assert isinstance(caller.came, NoAnswer)
    assert [pid for pid in processes if runs(pid)] == []


def test_probes_are_answered_while_every_thread_is_taken(server: Start, tmp_path: Path) -> None:
    served = server("tests.serving.sites:measured", environment={HELD: str(tmp_path)}, threads=1)
    calls = [Caller(served) for _ in range(5)]
    wait_for((tmp_path / "entered").exists)

    answer = urllib3.request("GET", f"{served.url}/metrics", retries=False, timeout=20)
    (tmp_path / "release").touch()
    for call in calls:
        call.join(30)

    assert b"soap_requests_in_flight{" in answer.data
    assert [call.came for call in calls] == ["held"] * 5
