"""One request and its answer, as far as they are known: what protocol, modules and observers share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIEnvironment

from lxml import etree

from soapkit.catalog import Operation
from soapkit.envelope import Parts, Version
from soapkit.faults import Fault
from soapkit.service import Request, Service

EXCHANGE = "soapkit.exchange"
"""Where a WSGI environment keeps its exchange: observers find it there once a call was answered."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, proved; ``how`` is ``username``, ``digest``, ``signature``, ``basic`` or ``certificate``."""

    name: str
    how: str
    roles: frozenset[str] = frozenset()


@dataclass(slots=True)
class Exchange:
    """``service`` is the one at the path; of several there, the first until the body element says which.

    ``correlation_id`` is the HTTP header's, or a new one, until the message has said its own. ``version`` is what the
    media type says until the envelope is there. ``root`` and ``parts`` (its headers are the blocks for us) are there
    once parsed, ``operation`` and ``request`` once dispatched, ``fault`` once worded. ``raw`` is the message, unpacked,
    in UTF-8 if it came in UTF-16; ``accepted`` says that a module keeps it and no handler runs. ``notes`` is for
    modules, each under a key of its own.
    ``environ`` is empty once the call is answered: the two would hold each other.
    """

    service: Service
    environ: WSGIEnvironment
    correlation_id: str
    version: Version = Version.SOAP_11
    raw: bytes = b""
    root: etree._Element | None = None
    parts: Parts | None = None
    operation: Operation | None = None
    request: Request | None = None
    caller: Caller | None = None
    fault: Fault | None = None
    rule: str | None = None
    accepted: bool = False
    notes: dict[str, Any] = field(default_factory=dict)
