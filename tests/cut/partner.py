"""A subscriber as a back office runs it: a SOAP server of CUT contracts (or its own) that keeps what it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from lxml import etree

from soapkit.catalog import Contract, contracts_root, load
from soapkit.faults import Hangup
from soapkit.server import Request, Service, application, running

Answer = Callable[[Request], etree._Element | None]


@dataclass
class Partner:
    """What it was told, in order; ``trouble`` is raised instead of an answer, ``closed`` makes callers wait."""

    address: str = ""
    told: list[etree._Element] = field(default_factory=list)
    trouble: Exception | None = None
    error: tuple[str, str] = ("", "")
    closed: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    slow: bool = False
    authorization: list[str] = field(default_factory=list)

    def message_ids(self) -> list[str]:
        return [each.findtext("{*}Message_spcId") or "" for each in self.told]

    def handle(self, request: Request) -> etree._Element | None:
        self.entered.set()
        if self.slow:
            self.closed.wait(30)
        self.told.append(etree.fromstring(etree.tostring(request.body)))
        if self.trouble is not None:
            raise self.trouble
        if request.operation.output is None:
            return None
        namespace = etree.QName(request.operation.output).namespace
        output = etree.Element(request.operation.output)
        for name, text in (("Error_spcCode", self.error[0]), ("Error_spcMessage", self.error[1]), ("Object_spcId", "")):
            etree.SubElement(output, f"{{{namespace}}}{name}").text = text
        return output


@contextmanager
def partner(*contracts: Contract) -> Iterator[Partner]:
    """Run a partner over HTTP: of the shipped contracts, unless others are given."""
    made = Partner()
    shipped = [load(Path("wsdl/cut") / each.name) for each in sorted((contracts_root() / "wsdl/cut").glob("*.wsdl"))]
    services = [
        Service(each, {operation.name: made.handle for operation in each.operations}) for each in contracts or shipped
    ]

    def build(address: str) -> WSGIApplication:
        served = application(services, public_url=address)

        def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            made.authorization.append(environ.get("HTTP_AUTHORIZATION", ""))
            return served(environ, start_response)

        return watched

    with running(build) as address:
        made.address = address
        yield made
        made.closed.set()


def hangs_up() -> Exception:
    """Return trouble: the connection ends without an answer."""
    return Hangup()
