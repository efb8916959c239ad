"""The log: one event a line, with a correlation id and without personal data."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway import logs


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def fail_over(customer: str) -> None:
    raise ValueError(len(customer))


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_events_carry_the_correlation_id_until_the_block_is_left(stream: io.StringIO) -> None:
    logs.configure(form="json", stream=stream)
    log = structlog.get_logger("gateway.worker")
    with logs.about(correlation_id="c-1"):
        log.info("claimed", attempt=2)
    log.info("idle")
    claimed, idle = events(stream)
    assert (claimed["event"], claimed["correlation_id"], claimed["attempt"], claimed["logger"]) == (
        "claimed",
        "c-1",
        2,
        "gateway.worker",
    )
    assert "correlation_id" not in idle


def test_personal_data_appears_at_debug_only(stream: io.StringIO) -> None:
    logs.configure(form="json", level="debug", stream=stream)
    log = structlog.get_logger()
    log.info("received", body="<Name>Ada Jones</Name>", order="1-10001")
    log.debug("received", body="<Name>Ada Jones</Name>")
    above, at_debug = events(stream)
    assert (above["body"], above["order"]) == ("(at debug only)", "1-10001")
    assert at_debug["body"] == "<Name>Ada Jones</Name>"


def test_events_below_the_level_are_not_written(stream: io.StringIO) -> None:
    logs.configure(level="warning", stream=stream)
    structlog.get_logger().info("quiet")
    assert stream.getvalue() == ""


def test_lines_of_libraries_come_out_in_the_same_form(stream: io.StringIO) -> None:
    logs.configure(form="json", stream=stream)
    logging.getLogger("waitress").warning("queue depth %d", 3)
    (line,) = events(stream)
    assert (line["event"], line["logger"], line["level"]) == ("queue depth 3", "waitress", "warning")


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_variables(form: logs.Form, stream: io.StringIO) -> None:
    logs.configure(form=form, stream=stream)
    try:
        fail_over("Ada" + " Jones")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: 9" in stream.getvalue()
    assert "Ada Jones" not in stream.getvalue()


def test_configuring_again_replaces_the_handler(stream: io.StringIO) -> None:
    logs.configure(stream=io.StringIO())
    logs.configure(stream=stream)
    structlog.get_logger().info("once")
    assert stream.getvalue().count("once") == 1
