"""Errors → corecom:FaultNotification and corecom:Fault with the data of the order that failed. No I/O.

What is said: the error's code, its text, the element. Never internals: an error that is no GatewayError is told by a
correlation id only. A request that may be invalid itself is quoted in pieces that are always valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.errors import BrmRefused, GatewayError, Heuristic, InDoubt, InProgress, Kind
from gateway.transforms.ebm_line import ACCOUNT
from gateway.transforms.namespaces import CORE, FAILURE, core, ford
from gateway.transforms.reading import Children, Element, children, text
from gateway.transforms.writing import date_time, put

SEVERITY = "2"
INTERNAL = "O2C_INTERNAL"
_LONGEST = 255
_UNDER_WAY = (
    "Its outcome is not known yet. Send the same message again, with the same EBMID: it is never done twice, and is "
    "answered with what became of it."
)
_BY_HAND = "It was settled in BRM by hand. Ask the operator, with the correlation id, before it is sent again."
_OUTCOME_OPEN: Mapping[type[GatewayError], str] = {InDoubt: _UNDER_WAY, InProgress: _UNDER_WAY, Heuristic: _BY_HAND}
"""Of these nobody may say that nothing was changed."""
_CORRECTIVE = {
    Kind.BUSINESS: "Nothing was changed. Correct the order, or what it refers to, and send it again.",
    Kind.SYSTEM: "Nothing was changed. Send it again later; if it fails again, tell the operator the correlation id.",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An error, where and when: ``service`` is the service's name, ``correlation`` what to quote to the operator."""

    error: Exception
    service: str
    at: datetime
    correlation: str = ""

    @property
    def kind(self) -> Kind:
        """Whose it is to mend."""
        return self.error.kind if isinstance(self.error, GatewayError) else Kind.SYSTEM

    @property
    def code(self) -> str:
        """The stable code."""
        return self.error.code if isinstance(self.error, GatewayError) else INTERNAL

    @property
    def text(self) -> str:
        """The error in one sentence, fit for strangers."""
        return self.error.text if isinstance(self.error, GatewayError) else "an internal error"


def _corrective(error: Exception, kind: Kind) -> str:
    return next((text for known, text in _OUTCOME_OPEN.items() if isinstance(error, known)), _CORRECTIVE[kind])


def fault(failure: Failure, ebm: Element | None) -> Element:
    """Write a corecom:Fault about an EBM; None when what came could not be read."""
    element = etree.Element(core("Fault"), nsmap={"corecom": CORE})
    if ebm is not None:
        element.append(_ebm_reference(ebm))
    element.append(notification(failure, ebm))
    return element


def notification(failure: Failure, ebm: Element | None) -> Element:
    """Write a FaultNotification, for a fault or for the header of an error response."""
    element = etree.Element(core("FaultNotification"), {"languageCode": "en"}, nsmap={"corecom": CORE})
    if failure.correlation:
        put(element, core("BusinessComponentID"), failure.correlation)
    put(element, core("ReportingDateTime"), date_time(failure.at))
    put(element, core("CorrectiveAction"), _corrective(failure.error, failure.kind))
    message = etree.SubElement(element, core("FaultMessage"))
    put(message, core("Code"), failure.code)
    for line in _texts(failure):
        put(message, core("Text"), line)
    put(message, core("Severity"), SEVERITY)
    if ebm is not None:
        etree.SubElement(message, core("ApplicationFaultData")).append(_order_failure_data(ebm))
    service = etree.SubElement(element, core("FaultingService"))
    put(service, core("ID"), failure.service)
    if failure.correlation:
        put(service, core("InstanceID"), failure.correlation)
    return element


def _texts(failure: Failure) -> Iterable[str]:
    yield failure.text
    error = failure.error
    if isinstance(error, GatewayError) and error.element:
        yield f"Element={error.element}"
    if isinstance(error, BrmRefused):
        yield f"ErrMsg={error.code}"
        yield f"Opcode={error.opcode}"


def _ebm_reference(ebm: Element) -> Element:
    head = children(children(ebm).get(core("EBMHeader")))
    reference = etree.Element(core("EBMReference"))
    _quote(reference, head, "EBMID", "EBMName", "EBOName", "VerbCode")
    if scope := children(head.get(core("BusinessScope"))):
        names = ("ID", "InstanceID", "EnterpriseServiceName", "EnterpriseServiceOperationName")
        _quote(etree.SubElement(reference, core("BusinessScopeReference")), scope, *names)
    sender = children(head.get(core("Sender")))
    quoted = etree.SubElement(reference, core("SenderReference"))
    _quote(quoted, sender, "ID", "SenderMessageID", "TransactionCode")
    _object_reference(quoted, sender)
    application = children(sender.get(core("Application")))
    if application:
        _quote(etree.SubElement(quoted, core("Application")), application, "ID", "Version")
    if target := _clip(children(head.get(core("Target"))).get(core("ID"))):
        put(etree.SubElement(reference, core("Target")), core("ID"), target)
    return reference


def _object_reference(parent: Element, sender: Children) -> None:
    """Write the sender's business object: for fallout, order management finds its order by it."""
    sent = children(children(sender.get(core("ObjectCrossReference"))).get(core("SenderObjectIdentification")))
    if sent:
        reference = etree.SubElement(parent, core("ObjectCrossReference"))
        identification = etree.SubElement(reference, core("SenderObjectIdentification"))
        _identify(identification, sent)


def _order_failure_data(ebm: Element) -> Element:
    body = children(children(children(ebm).get(ford("DataArea"))).get(ford("ProcessFulfillmentOrderBilling")))
    data = etree.Element(f"{{{FAILURE}}}OrderFailureData", nsmap={"failure": FAILURE})
    order = children(body.get(core("Identification")))
    order_id = etree.SubElement(data, f"{{{FAILURE}}}OrderID")
    _identify(order_id, order)
    revision = _clip(children(order.get(core("Revision"))).get(core("Number")))
    for scheme, value in (("SALESORDER_NUMBER", _clip(order.get(core("ID")))), ("SALESORDER_REVISION", revision)):
        if value:
            agency = _schemes(order.get(core("ID"))) | {"schemeID": scheme}
            put(etree.SubElement(order_id, core("AlternateObjectKey")), core("ID"), value, **agency)
    _account(data, children(body.get(ford("CustomerPartyReference"))))
    for name in ("ProcessingNumber", "ProcessingTypeCode"):
        if value := _clip(body.get(ford(name))):
            put(data, f"{{{FAILURE}}}{name}", value)
    if target := _clip(children(children(children(ebm).get(core("EBMHeader"))).get(core("Target"))).get(core("ID"))):
        put(data, f"{{{FAILURE}}}FailureSystemCode", target)
    return data


def _account(data: Element, customer: Children) -> None:
    account = etree.SubElement(data, f"{{{FAILURE}}}AccountID")
    _identify(account, children(customer.get(ford(ACCOUNT))))
    if name := _clip(customer.get(ford("CustomerPartyAccountName"))):
        key = etree.SubElement(account, core("AlternateObjectKey"))
        put(key, core("ID"), name, schemeID="CUSTOMERPARTY_ACCOUNTNAME")


def _identify(parent: Element, identification: Children) -> None:
    for name in ("BusinessComponentID", "ID"):
        found = identification.get(core(name))
        if found is not None and (value := _clip(found)):
            put(parent, core(name), value, **_schemes(found))


def _schemes(identifier: Element | None) -> dict[str, str]:
    if identifier is None:
        return {}
    return {key: value[:_LONGEST] for key in ("schemeID", "schemeAgencyID") if (value := identifier.get(key))}


def _quote(parent: Element, parts: Children, *names: str) -> None:
    for name in names:
        if value := _clip(parts.get(core(name))):
            put(parent, core(name), value)


def _clip(element: Element | None) -> str:
    return text(element)[:_LONGEST].rstrip()
