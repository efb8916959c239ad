"""BRMBusinessEvents: a BRM tells what has changed in it. Each change of a record that is kept in step becomes a hint.

An event bears no values: both sides are read when the hint is worked on, so events may come in any order. One that
comes again, which its EventId says, is answered and leaves nothing.
What the gateway wrote itself is told too, by its PROGRAM_NAME, and is no news.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from lxml import etree

from gateway.cut.brm_sync.service import PROGRAM
from gateway.cut.instances import row_id_tag
from gateway.cut.objects import CutObject
from gateway.cut.send import draft
from gateway.cut.subscribers import NotBelieved, Reached, Subscriber, Subscribers
from gateway.domain.poid import bare
from gateway.domain.xref import XrefTable
from gateway.errors import GatewayError, Kind, UnknownReference
from gateway.messaging.ports import Clock, Database
from gateway.messaging.queues import Draft
from gateway.messaging.unit import RequestKey
from gateway.transforms.reading import Element
from soapkit.catalog import Contract, load
from soapkit.faults import Fault, FaultCode
from soapkit.service import Request, Service, plain_wording

NAME = "BRMBusinessEvents"
OPERATION = "publishBusinessEvents"
CUSTOMER_UPDATED = "CustomerUpdated"
SERVICE_UPDATED = "ServiceUpdated"

_NAMESPACE = "http://xmlns.oracle.com/BRM/schemas/BusinessEvents"
_E = f"{{{_NAMESPACE}}}"
_OWNER = "OwnerAccountId"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Event:
    """What an event says; POIDs are without revision."""

    id: str
    system: str
    kind: str
    poid: str
    account: str
    program: str

    @property
    def key(self) -> RequestKey:
        """Return its key in the ledger of duplicates."""
        return RequestKey(self.system, self.id, OPERATION)


@dataclass(frozen=True, slots=True)
class Events:
    """Takes events; ``objects`` are by key, ``source`` is what the Siebel is called."""

    subscribers: Subscribers
    objects: Mapping[str, CutObject]
    database: Database
    clock: Clock
    source: str

    def service(self) -> Service:
        """Return the SOAP service."""
        return Service(_contract(), {OPERATION: self.publish}, word_fault=word_fault)

    def publish(self, request: Request) -> Element:
        """Put a hint for every record that an event is news of, and keep the events' ids, all in one commit.

        Raises UnknownReference, NotBelieved.
        """
        events = [_event(each) for each in request.body.findall(f"{_E}Event")]
        believed = {system: self._subscriber(system, request.caller) for system in {each.system for each in events}}
        fresh = self._fresh(events)
        drafts = [draft for system, of in believed.items() for draft in self._drafts(_news(fresh, system), of)]
        if fresh:
            self._put(fresh, drafts)
        _log.info("events taken", events=len(events), hints=len(drafts))
        answer = etree.Element(f"{_E}publishBusinessEventsResponse", nsmap={"evt": _NAMESPACE})
        etree.SubElement(answer, f"{_E}Received").text = str(len(events))
        return answer

    def _fresh(self, events: Sequence[_Event]) -> list[_Event]:
        """Return the events that did not come before, each once."""
        with self.database.read() as work:
            return [each for key, each in {each.key: each for each in events}.items() if work.requests.get(key) is None]

    def _put(self, fresh: Sequence[_Event], drafts: Sequence[Draft]) -> None:
        """Commit. Raises Conflict when an event is being taken at this very moment: told again, it is known."""
        now = self.clock.now()
        with self.database.begin() as work:
            first = next(iter(work.messages.put(drafts, now)), 0)
            for each in fresh:
                work.requests.reserve(each.key, "", first, now)
                work.requests.finish(each.key, first, b"", None, now)
            work.commit()

    def _subscriber(self, system: str, caller: str) -> Subscriber:
        brms = (one for one in self.subscribers.each if one.reached is Reached.BRM)
        found = next((one for one in brms if one.system == system), None)
        if found is None:
            raise UnknownReference(f"no subscriber of [cut.subscribers] is the BRM {system}", element="System")
        if found.caller is not None and found.caller != caller:
            raise NotBelieved(f"only the user of {found.name} may tell of changes in {system}")
        return found

    def _drafts(self, events: Sequence[_Event], of: Subscriber) -> Iterator[Draft]:
        """Make a hint for each record, however many events there are about it."""
        customers = [each.account for each in events if each.kind == CUSTOMER_UPDATED]
        services = {each.poid: each.account for each in events if each.kind == SERVICE_UPDATED}
        accounts = self._row_ids(XrefTable.CUSTOMERPARTY_ACCOUNTID, of, [*customers, *services.values()])
        numbers = self._row_ids(XrefTable.INSTALLEDPRODUCT_ID, of, list(services))
        for poid in dict.fromkeys(customers):
            if poid in accounts:
                yield from self._hint("Account", of, accounts[poid])
        for poid, account in services.items():
            if poid in numbers:
                yield from self._hint("PhoneNumber", of, numbers[poid], accounts.get(account, ""))

    def _hint(self, key: str, of: Subscriber, row_id: str, owner: str = "") -> Iterator[Draft]:
        """Make a hint: a record with its row id and, of a number, with whose it is."""
        about = self.objects.get(key)
        if about is None or key not in of.objects:
            return
        list_ = etree.Element(about.list_element)
        record = etree.SubElement(list_, f"{{{about.namespace}}}{about.root}")
        etree.SubElement(record, f"{{{about.namespace}}}{row_id_tag(about.root)}").text = row_id
        if owner:
            etree.SubElement(record, f"{{{about.namespace}}}{_OWNER}").text = owner
        yield draft(of, about, list_, of.system)

    def _row_ids(self, table: XrefTable, of: Subscriber, poids: Sequence[str]) -> Mapping[str, str]:
        """Return Siebel's row ids of objects of BRM's; those without a cross-reference are left out."""
        with self.database.read() as work:
            commons = work.xref.commons(table, list(dict.fromkeys(poids)), of.system)
            row_ids = work.xref.values(table, list(commons.values()), self.source)
        return {poid: row_ids[common] for poid, common in commons.items() if common in row_ids}


def _event(element: Element) -> _Event:
    def said(name: str) -> str:
        return (element.findtext(f"{_E}{name}") or "").strip()

    poids = bare(said("ObjectPoid")), bare(said("AccountPoid"))
    return _Event(said("EventId"), said("System"), said("EventType"), *poids, program=said("ProgramName"))


def _news(events: Sequence[_Event], system: str) -> list[_Event]:
    """Return the events of a BRM that tell of what others have done."""
    return [each for each in events if each.system == system and each.program != PROGRAM]


def word_fault(error: Exception, request: Request | None) -> Fault:
    """Word a fault: what is wrong with an event is the BRM's to mend, what is wrong here is worth telling again."""
    if isinstance(error, GatewayError):
        code = FaultCode.CLIENT if error.kind is Kind.BUSINESS else FaultCode.SERVER
        return Fault(code, f"{error.code}: {error.text}", expected=True)
    return plain_wording(error, request)


def _contract() -> Contract:
    return load(f"wsdl/events/{NAME}.wsdl")
