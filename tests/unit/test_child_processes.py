"""Children that are being started when the end comes."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from gateway.cli import processes


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back the handlers that the test finds."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def start(number: signal.Signals, done: list[str]) -> None:
    with processes._undisturbed():
        signal.raise_signal(number)
        done.append("the child is known")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_comes_once_the_child_can_be_stopped(number: signal.Signals) -> None:
    signal.signal(number, processes._end)
    done: list[str] = []
    with pytest.raises(SystemExit):
        start(number, done)
    assert done == ["the child is known"]
    assert signal.getsignal(number) is processes._end


def test_without_a_signal_nothing_ends() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with processes._undisturbed():
        pass
    assert signal.getsignal(signal.SIGTERM) is before
