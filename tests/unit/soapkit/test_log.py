"""The log is for telling what was done; that it cannot be told must stop nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import structlog

from soapkit.observe import log


class FullDisk(io.StringIO):
    """A file that takes nothing any more."""

    def write(self, _text: str, /) -> int:
        raise OSError(28, "No space left on device")


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    """Leave to other tests the configuration they had."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_an_event_is_one_line_with_its_level() -> None:
    stream = io.StringIO()
    log.configure(level="info", form="json", stream=stream)
    structlog.get_logger("x").info("done", count=1)
    [line] = stream.getvalue().splitlines()
    assert '"event": "done"' in line
    assert '"level": "info"' in line


@pytest.mark.parametrize(
    ("stream", "closed"), [(FullDisk(), False), (io.StringIO(), True)], ids=["full disk", "closed"]
)
def test_an_event_that_cannot_be_written_stops_nothing(stream: io.StringIO, closed: bool) -> None:
    log.configure(level="info", form="console", stream=stream)
    if closed:
        stream.close()
    structlog.get_logger("x").warning("this is lost")
