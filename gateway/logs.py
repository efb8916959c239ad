"""The log: one event a line, for people or for collectors, each with the correlation id of the message it is about.

Personal data never appears above ``debug``: what carries it goes by the names in ``PERSONAL``, and those are taken out
here, once, whoever logs. Log lines of libraries (waitress, SQLAlchemy) come out in the same form.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["console", "json"]

PERSONAL = frozenset(
    {"address", "alias", "body", "contact", "ebm", "email", "first_name", "flist", "last_name", "login", "message"}
    | {"name", "password", "payload", "phone", "service_id"}
)
"""Keys whose values may be about a person, or hold a whole message."""

_ONLY_AT_DEBUG = "(at debug only)"


def configure(*, level: Level = "info", form: Form = "console", stream: TextIO | None = None) -> None:
    """Send every event of ``level`` and above to ``stream`` (standard error). May be called again."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_personal_data,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form, handler.stream)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(max(root.level, logging.WARNING))  # it narrates every start


@contextlib.contextmanager
def about(**context: str) -> Iterator[None]:
    """Bind ``correlation_id`` (and order, queue …) to every event of this thread until the block is left."""
    with structlog.contextvars.bound_contextvars(**context):
        yield


def _rendering(form: Form, stream: TextIO) -> list[Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # a traceback with local variables would show the message being worked on
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)]


def _without_personal_data(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    if method != "debug":
        event.update(dict.fromkeys(PERSONAL & event.keys(), _ONLY_AT_DEBUG))
    return event
