"""BRMBusinessEvents: a BRM tells what has changed in it. Each change of a record that is kept in step becomes a hint.

An event bears no values: both sides are read when the hint is worked on. So events may come twice, and in any order.
What the gateway wrote itself is told too, by its PROGRAM_NAME, and is no news.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from gateway.messaging.ports import Clock, Database, XrefStore
from gateway.messaging.queues import Draft
from gateway.transforms.reading import Element
from soapkit.catalog import Contract, load
from soapkit.faults import Fault, FaultCode
from soapkit.service import Request, Service, plain_wording

NAME = "BRMBusinessEvents"
CUSTOMER_UPDATED = "CustomerUpdated"
SERVICE_UPDATED = "ServiceUpdated"

_NAMESPACE = "http://xmlns.oracle.com/BRM/schemas/BusinessEvents"
_E = f"{{{_NAMESPACE}}}"
_OWNER = "OwnerAccountId"
_log = structlog.get_logger(__name__)


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
        return Service(_contract(), {"publishBusinessEvents": self.publish}, word_fault=word_fault)

    def publish(self, request: Request) -> Element:
        """Put a hint for every event that is news, all in one commit. Raises UnknownReference, NotBelieved."""
        events = request.body.findall(f"{_E}Event")
        told = [(event, self._subscriber(event, request.caller)) for event in events]
        with self.database.begin() as work:
            drafts = [draft for event, of in told for draft in self._drafts(event, of, work.xref)]
            work.messages.put(list({(each.queue, each.group): each for each in drafts}.values()), self.clock.now())
            work.commit()
        _log.info("events taken", events=len(events), hints=len(drafts))
        answer = etree.Element(f"{_E}publishBusinessEventsResponse", nsmap={"evt": _NAMESPACE})
        etree.SubElement(answer, f"{_E}Received").text = str(len(events))
        return answer

    def _subscriber(self, event: Element, caller: str) -> Subscriber:
        system = _said(event, "System")
        found = next(
            (one for one in self.subscribers.each if one.reached is Reached.BRM and one.system == system), None
        )
        if found is None:
            raise UnknownReference(f"no subscriber of [cut.subscribers] is the BRM {system}", element="System")
        if found.caller is not None and found.caller != caller:
            raise NotBelieved(f"only the user of {found.name} may tell of changes in {system}")
        return found

    def _drafts(self, event: Element, of: Subscriber, xref: XrefStore) -> Iterator[Draft]:
        if _said(event, "ProgramName") == PROGRAM:
            return
        account = self._row_id(xref, XrefTable.CUSTOMERPARTY_ACCOUNTID, of, _said(event, "AccountPoid"))
        if _said(event, "EventType") == CUSTOMER_UPDATED and account:
            yield from self._hint("Account", of, {"Account": account})
        elif _said(event, "EventType") == SERVICE_UPDATED:
            number = self._row_id(xref, XrefTable.INSTALLEDPRODUCT_ID, of, _said(event, "ObjectPoid"))
            if number:
                yield from self._hint("PhoneNumber", of, {"AssetMgmt-Asset": number, _OWNER: account})

    def _hint(self, key: str, of: Subscriber, ids: Mapping[str, str]) -> Iterator[Draft]:
        """Make a hint: a record with its row id and, of a number, with whose it is."""
        about = self.objects.get(key)
        if about is None or key not in of.objects:
            return
        list_ = etree.Element(about.list_element)
        record = etree.SubElement(list_, f"{{{about.namespace}}}{about.root}")
        for tag, row_id in ids.items():
            if row_id:
                name = row_id_tag(tag) if tag == about.root else tag
                etree.SubElement(record, f"{{{about.namespace}}}{name}").text = row_id
        yield draft(of, about, list_, of.system)

    def _row_id(self, xref: XrefStore, table: XrefTable, of: Subscriber, poid: str) -> str:
        """Return Siebel's row id of an object of BRM's; empty when there is no cross-reference."""
        common = xref.commons(table, [bare(poid)], of.system).get(bare(poid))
        return "" if common is None else xref.values(table, [common], self.source).get(common, "")


def word_fault(error: Exception, request: Request | None) -> Fault:
    """Word a fault: what is wrong with an event is the BRM's to mend, what is wrong here is worth telling again."""
    if isinstance(error, GatewayError):
        code = FaultCode.CLIENT if error.kind is Kind.BUSINESS else FaultCode.SERVER
        return Fault(code, f"{error.code}: {error.text}", expected=True)
    return plain_wording(error, request)


def _said(event: Element, name: str) -> str:
    return (event.findtext(f"{_E}{name}") or "").strip()


def _contract() -> Contract:
    return load(f"wsdl/events/{NAME}.wsdl")
