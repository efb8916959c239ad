"""A Siebel, a gateway and a partner, over real HTTP in this process; queues are worked on, and time moves, by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from lxml import etree
from pydantic import SecretStr

from gateway.adapters.siebel import SiebelWebServices
from gateway.bootstrap import Gateway, build
from gateway.config import Settings
from gateway.cut.objects import CutObject
from gateway.cut.ports import Page, Siebel, SiebelService
from gateway.cut.shapes import element, shape
from gateway.messaging.consumer import Consumer
from gateway.messaging.queues import Message, State
from gateway.messaging.synced import SyncConflict
from siebel_sim.server import build as build_siebel
from siebel_sim.settings import Settings as SiebelSettings
from soapkit.client import Client, RemoteFault
from soapkit.faults import Fault, FaultCode
from soapkit.server import Request, application, running
from soapkit.service import Service
from tests.doubles.clock import FakeClock

Record: TypeAlias = "dict[str, Any]"
"""Fields by tag; under a container's tag (ListOf…) the list of its instances, under ``@name`` an attribute."""

FAULT = "{http://www.siebel.com/ws/fault}"
SOURCE = "SEBL_01"


def listed(about: CutObject, *records: Record) -> etree._Element:
    """Write records as a list of their integration object."""
    found = etree.Element(about.list_element)
    found.extend([_instance(about, about.root, record) for record in records])
    return found


def _instance(about: CutObject, tag: str, record: Record) -> etree._Element:
    inside = []
    for name, value in record.items():
        if name.startswith("@"):
            continue
        each = etree.Element(f"{{{about.namespace}}}{name}")
        if isinstance(value, list):
            each.extend([_instance(about, name.removeprefix("ListOf"), one) for one in value])
        else:
            each.text = value
        inside.append(each)
    made = element(f"{{{about.namespace}}}{tag}", shape(about), inside)
    for name, value in record.items():
        if name.startswith("@"):
            made.set(name[1:], value)
    return made


def record_of(instance: etree._Element) -> Record:
    """Read an instance."""
    found: Record = {f"@{name!s}": str(value) for name, value in instance.attrib.items()}
    for each in instance:
        name = etree.QName(each).localname
        found[name] = [record_of(one) for one in each] if name.startswith("ListOf") else each.text or ""
    return found


def said(record: Record) -> Record:
    """Leave out of a record what is empty, and what only Siebel says."""
    dropped = ("ModId", "Created", "Updated", "@IsPrimaryMVG")
    kept = {name: value for name, value in record.items() if value not in ("", []) and name not in dropped}
    return {name: [said(one) for one in value] if isinstance(value, list) else value for name, value in kept.items()}


@dataclass
class Partner:
    """A back office that takes what it is told; ``trouble`` is the fault it answers instead, while there is one."""

    told: list[tuple[str, str, Record]] = field(default_factory=list)
    trouble: FaultCode | None = None
    before: list[Any] = field(default_factory=list)

    def services(self, about: Mapping[str, CutObject]) -> list[Service]:
        """Return its services: the objects' own, of which it is only ever sent the Receive operation."""
        return [
            Service(one.contract, {each.name: self._handler(one) for each in one.contract.operations})
            for one in about.values()
        ]

    def _handler(self, about: CutObject) -> Any:
        def handle(request: Request) -> etree._Element:
            if self.trouble is not None:
                raise Fault(self.trouble, "not now", expected=True)
            if self.before:
                self.before.pop(0)()
            found = request.body.find(about.list_element)
            assert found is not None
            number = request.body.findtext(about.element("Message_spcId"), "")
            self.told += [(about.key, number, record_of(each)) for each in found]
            answer = etree.Element(about.element(f"{request.operation.name}_Output"))
            for name in ("Error_spcCode", "Error_spcMessage", "Object_spcId"):
                etree.SubElement(answer, about.element(name)).text = ""
            return answer

        return handle

    def records(self) -> list[Record]:
        """Give what it was told, and forget it."""
        found = [record for _, _, record in self.told]
        self.told.clear()
        return found


@dataclass
class Site:
    """What a tester does with all of them. Records are dicts, objects are named by key."""

    gateway: Gateway
    url: str
    siebel: SiebelWebServices
    partner: Partner
    clock: FakeClock
    about: Mapping[str, CutObject]
    meddled: Meddled

    # ---- in Siebel

    def write(self, key: str, record: Record) -> str:
        """Insert or update a record in Siebel, as somebody there; its row id."""
        about = self.about[key]
        answer = self.siebel.upsert(about.siebel, listed(about, record))
        return about.row_id(about.records(answer)[0])

    def read(self, key: str, row_id: str) -> Record:
        """Read a record in Siebel."""
        return record_of(self.current(key, row_id)[0])

    def current(self, key: str, row_id: str) -> etree._Element:
        """Read a record in Siebel, as XML."""
        return self.siebel.query_by_id(self.about[key].siebel, row_id)

    def count(self, key: str, search: str) -> int:
        """Count what a search specification finds in Siebel."""
        page = self.siebel.query_page(self.about[key].siebel, search=search, sort="", size=100, start=0)
        return len(page.list)

    # ---- over the gateway's services

    def call(self, key: str, kind: str, list_: etree._Element | None = None, **said: str) -> etree._Element:
        """Call a workflow; process properties are named as they are in XML. RemoteFault when it fails."""
        about = self.about[key]
        operation = f"CUT{kind}{key}Data"
        body = etree.Element(about.element(f"{operation}_Input"))
        inside = [] if list_ is None else [list_]
        for name, value in said.items():
            each = etree.Element(about.element(name))
            each.text = value
            inside.append(each)
        order = _order(about, operation)
        body.extend(sorted(inside, key=lambda each: order.index(etree.QName(each).localname)))
        answer = Client(about.contract, f"{self.url}/services/{about.contract.name}").call(operation, body)
        assert answer is not None
        return answer

    def receive(self, key: str, *records: Record, **said: str) -> list[Record]:
        """Receive records; the answer's."""
        answer = self.call(key, "Receive", listed(self.about[key], *records), **said)
        assert answer.findtext("{*}Error_spcCode") == ""
        return [record_of(each) for each in answer.find(self.about[key].list_element)]  # type: ignore[union-attr]

    def refused(self, key: str, *records: Record, **said: str) -> list[str]:
        """Receive what must be refused; the codes of the fault's stack, outermost first."""
        with pytest.raises(RemoteFault) as refused:
            self.receive(key, *records, **said)
        assert refused.value.detail is not None
        stack = list(refused.value.detail.iter(f"{FAULT}error"))
        assert all(each.findtext(f"{FAULT}errormsg", "") in refused.value.text for each in stack)
        return [each.findtext(f"{FAULT}errorcode", "") for each in stack]

    def tell(self, key: str, row_id: str, snapshot: etree._Element | None = None) -> None:
        """Tell the gateway of a change, as Siebel's workflow does: of the record as it is, or as it was."""
        self.call(key, "Send", self.current(key, row_id) if snapshot is None else snapshot)

    # ---- in the gateway

    def work(self) -> None:
        """Work until nothing can be taken; what is to be tried again is tried when its time has come."""
        for _ in range(1000):
            taken = [consumer.step() for consumer in self._consumers()]  # one of each queue
            if not any(taken):
                if not self.messages(State.WAITING):
                    return
                self.clock.advance(timedelta(minutes=20))
        raise AssertionError(f"the queues do not come to rest: {self.messages(State.WAITING)}")

    def step(self) -> None:
        """Take one message of each queue."""
        for consumer in self._consumers():
            consumer.step()

    def messages(self, *states: State) -> list[Message]:
        """Give messages on queues."""
        with self.gateway.database.read() as work:
            found = work.messages.find(None, states, limit=1000, order=None)
        return [each for each in found if each.queue.startswith("CUT_")]

    def conflicts(self, row_id: str) -> list[SyncConflict]:
        """Give the conflicts about a record, oldest first."""
        with self.gateway.database.read() as work:
            return work.synced.conflicts(system=None, record=row_id, limit=1000)[::-1]

    def _consumers(self) -> list[Consumer[Any]]:
        workflows = self.gateway.cut
        assert workflows is not None
        errands: list[Consumer[Any]] = [Consumer(route, self.gateway.errands) for route in workflows.queues]
        hints: list[Consumer[Any]] = [Consumer(route, self.gateway.coordinator) for route in workflows.brm_queues]
        return errands + hints


class Meddled:
    """A Siebel in which somebody does ``first`` (once each) just before the gateway writes."""

    def __init__(self, siebel: Siebel) -> None:
        self._siebel = siebel
        self.first: list[Callable[[], object]] = []

    def query_by_id(self, service: SiebelService, row_id: str) -> etree._Element:
        """Ask."""
        return self._siebel.query_by_id(service, row_id)

    def query_page(self, service: SiebelService, *, search: str, sort: str, size: int | None, start: int) -> Page:
        """Ask."""
        return self._siebel.query_page(service, search=search, sort=sort, size=size, start=start)

    def query_by_example(self, service: SiebelService, example: etree._Element) -> etree._Element:
        """Ask."""
        return self._siebel.query_by_example(service, example)

    def upsert(self, service: SiebelService, message: etree._Element, *, status: bool = True) -> etree._Element:
        """Do what is to be done first, and write."""
        if self.first:
            self.first.pop(0)()
        return self._siebel.upsert(service, message, status=status)


def _order(about: CutObject, operation: str) -> list[str]:
    """Give the process properties of an operation's input in the order of its schema."""
    for name, path in about.contract.documents.items():
        found = etree.parse(path).findall(f"{{*}}complexType[@name='{operation}Input']//{{*}}element")
        if name.endswith(".xsd") and found:
            return [(each.get("name") or each.get("ref") or "").rpartition(":")[2] for each in found]
    raise AssertionError(f"{operation} has no input")


def siebel_settings(directory: Path, **changes: Any) -> SiebelSettings:
    """Give settings of a simulator that keeps its state in ``directory``."""
    given = {"url": f"sqlite:///{directory / 'siebel.sqlite'}", "control_token": SecretStr("a token for tests")}
    return SiebelSettings.model_validate(given | changes)


@contextmanager
def landscape(
    directory: Path, subscribers: Mapping[str, Mapping[str, Any]] | None = None, **more: Any
) -> Iterator[Site]:
    """Run all of it; ``{partner}`` in a subscriber's URL is the partner's address."""
    clock, partner = FakeClock(), Partner()
    with ExitStack() as stack:
        siebel = stack.enter_context(
            running(
                lambda url: stack.enter_context(
                    closing(build_siebel(siebel_settings(directory, public_url=url, send_threads=0)))
                )
            )
        )
        about: dict[str, CutObject] = {}
        address = stack.enter_context(running(lambda url: _partner(partner, about, url)))
        told = {
            name: {key: value.replace("{partner}", address) if key == "url" else value for key, value in of.items()}
            for name, of in (subscribers or {}).items()
        }
        settings = {
            "gateway": {"database": f"sqlite:///{directory / 'gateway.db'}"},
            "siebel": {SOURCE: {"url": siebel}},
            "cut": {"subscribers": told},
        }
        meddled = Meddled(SiebelWebServices(SOURCE, siebel))
        gateway = build(Settings.model_validate(settings | more), clock=clock, siebel=meddled)
        stack.callback(gateway.close)
        assert gateway.cut is not None
        about |= {each.key: each for each in gateway.cut.objects}
        url = stack.enter_context(running(lambda _: gateway.application()))
        yield Site(gateway, url, SiebelWebServices(SOURCE, siebel), partner, clock, about, meddled)


def _partner(partner: Partner, about: Mapping[str, CutObject], url: str) -> Any:
    """Return the partner's site, made when it is first called: its objects are the gateway's."""
    made: list[Any] = []

    def app(environ: Any, start_response: Any) -> Any:
        if not made:
            made.append(application(partner.services(about), public_url=url))
        return made[0](environ, start_response)

    return app
