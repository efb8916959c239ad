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
    handler = processes.Asked().to_end
    signal.signal(number, handler)
    done: list[str] = []
    with pytest.raises(SystemExit):
        start(number, done)
    assert done == ["the child is known"]
    assert signal.getsignal(number) == handler


@pytest.mark.parametrize(
    ("number", "ends_by"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)], ids=["SIGTERM", "SIGINT"]
)
def test_a_signal_whose_exception_got_lost_ends_the_process_all_the_same(
    number: signal.Signals, ends_by: type[BaseException]
) -> None:
    asked = processes.Asked()
    asked.check()
    signal.signal(number, asked.to_end if number is signal.SIGTERM else asked.to_break_off)
    with pytest.raises(ends_by):
        signal.raise_signal(number)
    with pytest.raises(ends_by):
        asked.check()


def test_without_a_signal_nothing_ends() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with processes._undisturbed():
        pass
    assert signal.getsignal(signal.SIGTERM) is before
