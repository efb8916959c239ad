"""The gateway's own processes: told to stop, they finish or hand back; asked, they say how they are."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families

from gateway.messaging.queues import Message, State
from tests.acceptance.answers import BILLING, Reply, poids, post
from tests.acceptance.orders import ebm, mobile
from tests.acceptance.processes import Child, answering, beside, environment, spare_port, started
from tests.acceptance.site import MODIFY, Site, brm_server, eventually, site
from tests.serving.processes import family, runs

SERVERS = {"waitress": "1", "granian": "2"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a BRM and a gateway in real time, beside which tests start processes."""
    with (
        brm_server(tmp_path_factory.mktemp("brm")) as brm,
        site(tmp_path_factory.mktemp("gateway"), brm, frozen=False) as made,
    ):
        yield made


@pytest.fixture
def calm(pair: Site) -> Iterator[Site]:
    """Give that pair; what a test holds is let go afterwards."""
    yield pair
    pair.brm.did("DELETE", "/faults")
    pair.brm.did("POST", "/barriers/release")
    pair.drain()


def ended(child: Child, number: signal.Signals = signal.SIGTERM) -> int:
    child.send_signal(number)
    return child.wait(40)


def held_in_brm(brm_site: Site) -> bool:
    return any(not barrier.get("released") for barrier in brm_site.brm.did("GET", "/barriers"))


@pytest.mark.parametrize("server", SERVERS)
def test_a_gateway_that_is_told_to_stop_answers_what_it_has_begun(calm: Site, server: str, tmp_path: Path) -> None:
    port = spare_port()
    env = beside(calm, O2C_GATEWAY__PORT=str(port), O2C_GATEWAY__WORKERS=SERVERS[server])
    order = ebm(mobile(calm.number(), calm.customer()))
    answers: list[Reply] = []
    with started("serve", env=env, cwd=tmp_path) as child:
        answering(f"http://127.0.0.1:{port}/health/live", child)
        calm.brm.fault(MODIFY, action="block")
        caller = threading.Thread(
            target=lambda: answers.append(post(f"http://127.0.0.1:{port}/services/{BILLING}", order))
        )
        caller.start()
        eventually(lambda: held_in_brm(calm))
        processes = family(child.pid)
        child.send_signal(signal.SIGTERM)
        calm.brm.did("POST", "/barriers/release")
        caller.join(40)

        assert [(status, len(poids(answer))) for status, answer in answers] == [(200, 5)]
        assert child.wait(40) == 0
        assert [pid for pid in processes if runs(pid)] == []
    assert "Traceback" not in (tmp_path / "said.txt").read_text()


def test_a_worker_that_is_told_to_stop_hands_back_what_it_has_not_decided(calm: Site, tmp_path: Path) -> None:
    calm.brm.fault(MODIFY, action="block")
    intake = calm.put(mobile(calm.number(), calm.customer()))
    with started("worker", env=beside(calm, O2C_QUEUE__LEASE_SECONDS="600"), cwd=tmp_path) as child:
        eventually(lambda: held_in_brm(calm))
        taken = calm.gateway.admin.message(intake)

        assert ended(child) == 0

    back = calm.gateway.admin.message(intake)
    assert (taken.state, taken.tries) == (State.CLAIMED, 1)
    assert (back.state, back.tries, back.owner, back.lease_until) == (State.WAITING, 0, None, None)
    calm.brm.did("DELETE", "/faults")
    calm.brm.did("POST", "/barriers/release")
    assert done(calm, intake).state is State.DONE


def test_a_worker_that_has_nothing_stops_at_once(calm: Site, tmp_path: Path) -> None:
    with started("worker", env=beside(calm), cwd=tmp_path) as child:
        order = calm.put(mobile(calm.number(), calm.customer()))
        eventually(lambda: calm.gateway.admin.message(order).state is State.DONE)

        assert ended(child, signal.SIGINT) == 0
    assert "Traceback" not in (tmp_path / "said.txt").read_text()


def done(brm_site: Site, intake: int) -> Message:
    """Work on a message here, its account being locked in BRM until the lost attempt is aborted."""

    def finished() -> Message | None:
        brm_site.step()
        message = brm_site.gateway.admin.message(intake)
        return message if message.state in (State.DONE, State.ERROR) else None

    found: Message = eventually(finished, seconds=40)
    return found


def told(url: str) -> tuple[int, Any]:
    answer = urllib3.request("GET", url, retries=False, timeout=20)
    return answer.status, json.loads(answer.data)


@pytest.mark.parametrize("server", SERVERS)
def test_ready_is_who_reaches_database_and_brm(calm: Site, server: str, tmp_path: Path) -> None:
    port = spare_port()
    env = beside(calm, O2C_GATEWAY__PORT=str(port), O2C_GATEWAY__WORKERS=SERVERS[server])
    with started("serve", env=env, cwd=tmp_path) as child:
        answering(f"http://127.0.0.1:{port}/health/live", child)

        assert told(f"http://127.0.0.1:{port}/health/ready") == (
            200,
            {"ready": True, "checks": {"database": {"ok": True}, "BRM_01": {"ok": True}}},
        )


def test_who_does_not_is_live_and_says_what_is_missing(tmp_path: Path) -> None:
    port, away = spare_port(), f"http://someone:hush@127.0.0.1:{spare_port()}"
    env = environment(tmp_path, O2C_GATEWAY__PORT=str(port), O2C_BRM__BRM_01__URL=away)
    with started("serve", env=env, cwd=tmp_path) as child:
        answering(f"http://127.0.0.1:{port}/health/live", child)
        status, ready = told(f"http://127.0.0.1:{port}/health/ready")

        assert told(f"http://127.0.0.1:{port}/health/live") == (200, {"live": True})
    assert (status, ready["checks"]["database"]["ok"], ready["checks"]["BRM_01"]["ok"]) == (503, True, False)
    assert "hush" not in json.dumps(ready)


@pytest.mark.parametrize("server", SERVERS)
def test_metrics_count_calls_and_what_lies_on_queues(calm: Site, server: str, tmp_path: Path) -> None:
    port = spare_port()
    env = beside(calm, O2C_GATEWAY__PORT=str(port), O2C_GATEWAY__WORKERS=SERVERS[server])
    env |= {"O2C_TELEMETRY__METRICS_TOKEN": "s3cret"}
    calm.brm.fault(MODIFY, action="block")
    calm.put(mobile(calm.number(), calm.customer()))
    with started("serve", env=env, cwd=tmp_path) as child:
        answering(f"http://127.0.0.1:{port}/health/live", child)
        for _ in range(4):
            post(f"http://127.0.0.1:{port}/services/{BILLING}", b"<nothing/>")
        url = f"http://127.0.0.1:{port}/metrics"
        refused = urllib3.request("GET", url, retries=False, timeout=20).status
        page = urllib3.request("GET", url, retries=False, timeout=20, headers={"Authorization": "Bearer s3cret"})

    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for metric in text_string_to_metric_families(page.data.decode())
        for sample in metric.samples
    }
    assert refused == 401
    assert samples["soap_requests_total", BILLING, "fault", "unknown"] == 4
    assert samples["o2c_queue_messages", "AIA_CRTBO_OUT_JMSQ", "waiting"] == 1
    assert samples[("o2c_database_up",)] == 1
