"""A system that CUT Send workflows tell changes to: it keeps what it takes, may refuse, and may hold a call."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from wsgiref.types import WSGIApplication

from lxml import etree

from soapkit.catalog import Contract, contracts_root, load
from soapkit.faults import Fault, FaultCode
from soapkit.module import Module
from soapkit.server import application, running
from soapkit.service import Request, Service
from tests.serving.servers import ADDRESS

CONTRACTS = tuple(load(path) for path in sorted((contracts_root() / "wsdl" / "cut").glob("*.wsdl")))
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Told:
    """One message: its operation, the row id of its record, its own id, and the record."""

    operation: str
    row_id: str
    message_id: str
    record: etree._Element

    def text(self, path: str) -> str | None:
        """Give the text at a path of tags: ``ListOfCutAddress/CutAddress/City``."""
        return self.record.findtext("/".join(f"{{*}}{tag}" for tag in path.split("/")))


@dataclass(slots=True)
class Listening:
    """What was told. ``refusals`` calls are refused first, with a fault; ``codes`` are then answered as error codes.

    While ``held`` is set to block, calls wait before they are taken, each noted in ``waiting``.
    """

    told: list[Told] = field(default_factory=list)
    refusals: int = 0
    codes: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    heard: threading.Condition = field(default_factory=threading.Condition)

    def handle(self, request: Request) -> etree._Element:
        """Take a message, or refuse it."""
        said = _said(request)
        with self.heard:
            self.waiting.append(said.message_id)
            self.heard.notify_all()
        assert self.open.wait(SECONDS)
        with self.heard:
            code = self._code()
            if not code:
                self.told.append(said)
                self.heard.notify_all()
        return _answer(request, code)

    def services(self, contracts: Sequence[Contract]) -> list[Service]:
        """Serve every operation of ``contracts``."""
        return [Service(each, dict.fromkeys((one.name for one in each.operations), self.handle)) for each in contracts]

    def _code(self) -> str:
        if self.refusals:
            self.refusals -= 1
            raise Fault(FaultCode.SERVER, "not now", expected=True)
        return self.codes.pop(0) if self.codes else ""

    def wait_for(self, count: int) -> list[Told]:
        """Wait until so many messages were taken; the assertion fails when they are not in time."""
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.told) >= count, SECONDS), self.told
            return list(self.told)

    def wait_for_call(self, count: int = 1) -> list[str]:
        """Wait until so many calls have come in, taken or not; the ids of their messages."""
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.waiting) >= count, SECONDS), self.waiting
            return list(self.waiting)


@contextmanager
def listening(
    port: int = 0, modules: Sequence[Module] = (), contracts: Sequence[Contract] = CONTRACTS
) -> Iterator[tuple[Listening, str]]:
    """Listen on ``port``, or a free one; yields what is told, and the address to tell it to."""
    ear = Listening()
    ear.open.set()
    made = ear.services(contracts)
    with running(lambda url: application(made, public_url=url, modules=modules), port=port, threads=8) as address:
        try:
            yield ear, address
        finally:
            ear.open.set()


def site() -> WSGIApplication:
    """Make a system that takes everything, for a process of its own."""
    ear = Listening()
    ear.open.set()
    return application(ear.services(CONTRACTS), public_url=os.environ[ADDRESS])


def _said(request: Request) -> Told:
    body = request.body
    (record,) = next(each for each in body if etree.QName(each).localname.startswith("ListOf"))
    row_id, message_id = body.findtext("{*}Object_spcId", ""), body.findtext("{*}Message_spcId", "")
    return Told(request.operation.name, row_id, message_id, record)


def _answer(request: Request, code: str) -> etree._Element:
    answer = etree.Element(request.operation.output or "")
    namespace = etree.QName(answer).namespace
    for name, text in (("Error_spcCode", code), ("Error_spcMessage", code), ("Object_spcId", "")):
        etree.SubElement(answer, f"{{{namespace}}}{name}").text = text
    return answer
