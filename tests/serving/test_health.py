"""Live is who answers; ready is who reaches what work needs, and says what is missing."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from soapkit.observe.health import Check, Health
from soapkit.transport import call_wsgi


def asked(health: Health, path: str = "/ready", method: str = "GET") -> tuple[int, Any]:
    status, _, content = call_wsgi(health, method, f"http://here{path}")
    return status, json.loads(content) if content.startswith(b"{") else content


def test_who_reaches_everything_is_ready() -> None:
    health = Health({"database": lambda: None, "BRM_01": lambda: None})

    assert asked(health) == (200, {"ready": True, "checks": {"database": {"ok": True}, "BRM_01": {"ok": True}}})


def test_who_does_not_says_what_is_missing() -> None:
    health = Health({"database": lambda: None, "BRM_01": lambda: "does not answer"})

    status, told = asked(health)

    assert status == 503
    assert told["checks"] == {"database": {"ok": True}, "BRM_01": {"ok": False, "wrong": "does not answer"}}


def test_a_check_that_breaks_tells_nobody_why() -> None:
    def broken() -> str | None:
        raise RuntimeError("postgresql://o2c:secret@db/o2c")

    status, told = asked(Health({"database": broken}))

    assert (status, told["checks"]) == (503, {"database": {"ok": False, "wrong": "failed"}})


def test_who_is_not_ready_is_live_all_the_same() -> None:
    assert asked(Health({"database": lambda: "away"}), "/live") == (200, {"live": True})


def test_a_check_that_hangs_is_not_waited_for_and_not_started_again() -> None:
    let_go, started = threading.Event(), []

    def hanging() -> str | None:
        started.append(1)
        let_go.wait(30)
        return None

    health = Health({"BRM_01": hanging}, fresh=0, patience=0.05)
    answers = [asked(health) for _ in range(3)]
    let_go.set()

    assert [(status, told["checks"]["BRM_01"]["wrong"]) for status, told in answers] == [
        (503, "no answer within 0.05 s")
    ] * 3
    assert len(started) == 1


@pytest.mark.parametrize(("fresh", "runs"), [(60.0, 1), (0.0, 5)])
def test_checks_run_once_while_their_verdict_is_fresh(fresh: float, runs: int) -> None:
    ran: list[int] = []
    check: Check = lambda: ran.append(1)  # noqa: E731 - None: nothing is wrong
    health = Health({"database": check}, fresh=fresh)

    for _ in range(5):
        asked(health)

    assert len(ran) == runs


def test_health_is_asked_for_and_nothing_else() -> None:
    health = Health({})

    assert asked(health, method="POST")[0] == 405
    assert asked(health, "/else")[0] == 404
    assert call_wsgi(health, "HEAD", "http://here/ready")[2] == b""
