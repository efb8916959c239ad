"""Wraps an application so that each SOAP call is looked at once it is answered, by whoever wants to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from soapkit.exchange import EXCHANGE, Exchange

NO_OPERATION = "unknown"
"""What a call is filed under that was refused before its operation was known: callers' words are no labels."""


@dataclass(slots=True)  # not frozen: there is one for every call, and freezing it takes longer than the rest
class Answered:
    """A SOAP call and what became of it; ``seconds`` is from the complete request to the complete answer.

    ``service`` and ``operation`` are their names, or NO_OPERATION.
    """

    exchange: Exchange
    service: str
    operation: str
    status: int
    seconds: float
    bytes_out: int
    client: str


Observer: TypeAlias = Callable[[Answered], None]


class Observed:
    """The application, with observers."""

    def __init__(self, app: WSGIApplication, observers: Sequence[Observer]) -> None:
        self._app = app
        self._observers = tuple(observers)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer, and tell the observers if that was a SOAP call."""
        began = time.perf_counter()
        client = environ.get("REMOTE_ADDR", "")
        head: list[str] = []

        def keep(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            head.append(status)
            return start_response(status, headers, *error)

        chunks = self._app(environ, keep)
        exchange = environ.get(EXCHANGE)
        if exchange is not None:
            seconds, operation = time.perf_counter() - began, exchange.operation
            seen = Answered(
                exchange,
                exchange.service.contract.name,
                operation.name if operation else NO_OPERATION,
                int(head[-1][:3]),
                seconds,
                sum(map(len, chunks)) if isinstance(chunks, list) else 0,  # calls are answered with a list
                client,
            )
            for observer in self._observers:
                observer(seen)
        return chunks
