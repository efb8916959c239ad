"""A gateway that hears what a BRM tells: it keeps the events it takes, and takes none while it is told to refuse."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lxml import etree

from soapkit.catalog import load
from soapkit.faults import Fault, FaultCode
from soapkit.server import application, running
from soapkit.service import Request, Service

CONTRACT = load("wsdl/events/BRMBusinessEvents.wsdl")
E = "{http://xmlns.oracle.com/BRM/schemas/BusinessEvents}"


@dataclass(slots=True)
class Hearing:
    """What was heard, each event as its fields by name; ``refusals`` is how many calls are refused first."""

    events: list[dict[str, str]] = field(default_factory=list)
    refusals: int = 0
    refused: int = 0
    heard: threading.Condition = field(default_factory=threading.Condition)

    def handle(self, request: Request) -> etree._Element:
        """Take the events of a call, or refuse it."""
        with self.heard:
            if self.refused < self.refusals:
                self.refused += 1
                self.heard.notify_all()
                raise Fault(FaultCode.SERVER, "busy")
            told = [{etree.QName(each).localname: each.text or "" for each in event} for event in request.body]
            self.events += told
            self.heard.notify_all()
        answer = etree.Element(f"{E}publishBusinessEventsResponse")
        etree.SubElement(answer, f"{E}Received").text = str(len(told))
        return answer

    def wait_for(self, count: int, seconds: float = 20.0) -> list[dict[str, str]]:
        """Wait until so many events were heard; the assertion fails when they are not in time."""
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.events) >= count, seconds), self.events
            return list(self.events)


@contextmanager
def hearing(port: int = 0) -> Iterator[tuple[Hearing, str]]:
    """Listen on ``port``, or a free one; yields what is heard, and the address to tell it to."""
    heard = Hearing()
    service = Service(CONTRACT, {"publishBusinessEvents": heard.handle})
    with running(lambda url: application([service], public_url=url), port=port) as address:
        yield heard, address
