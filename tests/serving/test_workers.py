"""Several worker processes are one service: their figures are added up, one that dies is replaced and forgotten."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families

from soapkit.client import Client, Timeout
from soapkit.faults import NoAnswer, Unreachable
from tests.contract.soapkit.orders import element, order, orders
from tests.serving.processes import runs
from tests.serving.servers import Served, running_server, wait_for
from tests.serving.sites import HELD

LABELS = {"service": "Orders", "operation": "PlaceOrder"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    environment = {HELD: str(tmp_path)}
    with running_server("granian", "tests.serving.sites:measured", workers=2, environment=environment) as running:
        yield running


def figure(served: Served, name: str, **labels: str) -> float:
    page = urllib3.request("GET", f"{served.url}/metrics", timeout=20, retries=False).data.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name and sample.labels == LABELS | labels
    )


def call(served: Served) -> None:
    Client(orders(), f"{served.url}/services/Orders", timeout=Timeout(5, 60)).call("PlaceOrder", element(order()))


def workers(served: Served, count: int) -> set[int]:
    """Ask, on connections of their own, until so many workers have said who they are."""
    found: set[int] = set()

    def all_met() -> bool:
        page = urllib3.request("GET", f"{served.url}/pid", timeout=20, retries=False, headers={"Connection": "close"})
        found.add(int(page.data))
        return len(found) == count

    wait_for(all_met)
    return found


def test_figures_of_all_workers_are_added_up(served: Served, tmp_path: Path) -> None:
    (tmp_path / "release").touch()
    workers(served, 2)
    for _ in range(20):
        call(served)

    assert {figure(served, "soap_requests_total", outcome="answered") for _ in range(5)} == {20}
    assert figure(served, "soap_request_seconds_count") == 20
    assert figure(served, "soap_requests_in_flight") == 0


def test_what_a_killed_worker_had_under_way_is_forgotten_and_another_takes_its_place(
    served: Served, tmp_path: Path
) -> None:
    before = workers(served, 2)

    def lose() -> None:
        with pytest.raises((NoAnswer, Unreachable)):
            call(served)

    caller = threading.Thread(target=lose)
    caller.start()
    wait_for((tmp_path / "entered").exists)
    assert figure(served, "soap_requests_in_flight") == 1

    for pid in before:
        os.kill(pid, signal.SIGKILL)
    caller.join(30)
    wait_for(lambda: not any(runs(pid) for pid in before))
    (tmp_path / "release").touch()

    def answered() -> bool:
        try:
            call(served)
        except (NoAnswer, Unreachable):
            return False
        return True

    wait_for(answered)
    assert figure(served, "soap_requests_in_flight") == 0
    assert not before & workers(served, 2)
