"""The log: one event a line, for people or for collectors, each with the correlation id of the message it is about.

Personal data never appears above ``debug``: what carries it goes by the names in ``PERSONAL``, and those are taken out
here, once, whoever logs. Log lines of libraries (waitress, SQLAlchemy) come out in the same form.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from soapkit.observe import log
from soapkit.observe.log import Form, Level

__all__ = ["PERSONAL", "Form", "Level", "about", "configure"]

PERSONAL = frozenset(
    {"address", "alias", "body", "contact", "ebm", "email", "first_name", "flist", "last_name", "login", "message"}
    | {"name", "password", "payload", "phone", "service_id"}
)
"""Keys whose values may be about a person, or hold a whole message."""

_ONLY_AT_DEBUG = "(at debug only)"


def configure(*, level: Level = "info", form: Form = "console", stream: TextIO | None = None) -> None:
    """Send every event of ``level`` and above to ``stream`` (standard error). May be called again."""
    log.configure(level=level, form=form, stream=stream or sys.stderr, processors=[_without_personal_data])
    logging.getLogger("alembic").setLevel(max(logging.getLogger().level, logging.WARNING))  # it narrates every start


@contextlib.contextmanager
def about(**context: str) -> Iterator[None]:
    """Bind ``correlation_id`` (and order, queue …) to every event of this thread until the block is left."""
    with structlog.contextvars.bound_contextvars(**context):
        yield


def _without_personal_data(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    if method != "debug":
        event.update(dict.fromkeys(PERSONAL & event.keys(), _ONLY_AT_DEBUG))
    return event
