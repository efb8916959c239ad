"""Where log events go: one a line to a stream, for people (``console``) or for collectors (``json``).

Events of structlog are written straight, because there is one for every call; records of libraries that use ``logging``
come out in the same form.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Sequence
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["console", "json"]
_ENCODER = json.JSONEncoder(default=repr)  # made once: making it takes as long as using it


def configure(*, level: Level, form: Form, stream: TextIO, processors: Sequence[Processor] = ()) -> None:
    """Send every event of ``level`` and above to ``stream``, through ``processors``. May be called again."""
    rendering = _rendering(form, stream)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *processors,
    ]
    structlog.configure(
        processors=[*shared, _add_name, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_Lines(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


class _Lines:
    """Makes loggers that write to one stream, a line at a time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, *names: Any) -> _Line:
        """Make the logger called ``names[0]``."""
        return _Line(str(names[0]) if names else "", self)

    def write(self, line: str) -> None:
        """Write a line, whole, whoever else writes; one that cannot be written must not stop the work it tells of."""
        with self._lock, contextlib.suppress(OSError, ValueError):  # a full disk, a broken pipe; a closed stream
            self._stream.write(line + "\n")
            self._stream.flush()


class _Line:
    """What structlog takes for a logger: by whatever level it is called, the line is written."""

    __slots__ = ("_lines", "name")

    def __init__(self, name: str, lines: _Lines) -> None:
        self.name = name
        self._lines = lines

    def msg(self, line: str) -> None:
        """Write."""
        self._lines.write(line)

    log = debug = info = warn = warning = error = err = exception = fatal = critical = msg


def _add_name(logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if logger.name:
        event["logger"] = logger.name
    return event


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _ENCODER.encode(event)


def _rendering(form: Form, stream: TextIO) -> list[Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, _as_json]
    # a traceback with local variables would show the message being worked on
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)]
