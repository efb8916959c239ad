"""Results → ProcessFulfillmentOrderBillingResponseEBM, after success and after an error. No I/O.

Ids, customer and Custom of order and lines are the request's own elements, copied as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from lxml import etree

from gateway.domain.billing import LineResult
from gateway.domain.codes import LineStatus, ResponseCode
from gateway.domain.order import Line
from gateway.domain.xref import COMMON, XrefTable
from gateway.errors import Kind
from gateway.transforms import fault
from gateway.transforms.ebm import LINE, Ebm, Header, header, order_element
from gateway.transforms.namespaces import FORD, NSMAP, core, ford
from gateway.transforms.reading import Children, Element, children
from gateway.transforms.writing import copied, date_time, put

RESPONSE_EBM = ford("ProcessFulfillmentOrderBillingResponseEBM")
BODY = ford("ProcessFulfillmentOrderBillingResponse")
ROLLED_BACK = "Not billed: the order was rolled back"

WANTED: Mapping[str, frozenset[Kind]] = {
    ResponseCode.ALL_ERRORS: frozenset(Kind),
    ResponseCode.BUSINESS_ERRORS: frozenset({Kind.BUSINESS}),
}
"""By responseCode: which kinds of error are answered with a response. Any other value, or none: none (seed 003)."""


def response_ebm_id(head: Header, outcome: str) -> str:
    """Return the EBMID of the response to a request: the same for the same request and outcome, however often run.

    An error response has another than the response after a resubmission: a receiver that knows messages by their id
    must not take one for the other.
    """
    return str(uuid5(NAMESPACE_URL, f"{FORD}/response/{head.sender}/{head.ebm_id}/{outcome}"))


def response(ebm: Ebm, results: Mapping[str, LineResult], now: datetime) -> Element:
    """Write the response to an order that was billed: a status and the BRM identifiers of each line."""
    root, _, body = _message(ebm.element, now, LineStatus.COMPLETE)
    _order(body, ebm.element, LineStatus.COMPLETE, "")
    for line, element in zip(ebm.order.lines, ebm.lines, strict=True):
        _line(body, element, line, results[line.id], ebm.order.target)
    copied(body, _custom_of_order(ebm.element))
    return root


def error_response(ebm: Element, failure: fault.Failure) -> Element:
    """Write the response to an order that failed; works on any EBM with an order in it, decodable or not."""
    root, head, body = _message(ebm, failure.at, f"{LineStatus.FAILED}/{failure.code}/{date_time(failure.at)}")
    custom = head.find(core("Custom"))
    notification = fault.notification(failure, ebm)
    if custom is None:
        head.append(notification)
    else:
        custom.addprevious(notification)
    _order(body, ebm, LineStatus.FAILED, failure.text)
    for position, line in enumerate(order_element(ebm).iterchildren(LINE), start=1):
        _failed_line(body, line, failure.text if _is_about(failure, position) else ROLLED_BACK)
    copied(body, _custom_of_order(ebm))
    return root


def _is_about(failure: fault.Failure, position: int) -> bool:
    return f"/FulfillmentOrderLine[{position}]" in (getattr(failure.error, "element", None) or "")


def _message(ebm: Element, now: datetime, outcome: str) -> tuple[Element, Element, Element]:
    attributes = {name: value for name in ("versionID", "languageCode") if (value := ebm.get(name))}
    root = etree.Element(RESPONSE_EBM, attributes, nsmap=NSMAP)
    head = _header(root, ebm, now, outcome)
    code = header(ebm).response_code
    area = etree.SubElement(root, ford("DataArea"), {"responseCode": code} if code else {})
    etree.SubElement(area, core("ProcessResponse"))
    return root, head, etree.SubElement(area, BODY)


def _header(root: Element, ebm: Element, now: datetime, outcome: str) -> Element:
    asked, parts = header(ebm), children(children(ebm).get(core("EBMHeader")))
    head = etree.SubElement(root, core("EBMHeader"))
    put(head, core("EBMID"), response_ebm_id(asked, outcome))
    put(head, core("EBMName"), RESPONSE_EBM)
    copied(head, parts.get(core("EBOName")))
    put(head, core("CreationDateTime"), date_time(now))
    put(head, core("RequestEBMID"), asked.ebm_id)
    put(head, core("VerbCode"), "ProcessResponse")
    put(etree.SubElement(head, core("Sender")), core("ID"), asked.target)
    target = etree.SubElement(head, core("Target"))
    put(target, core("ID"), asked.sender)
    if asked.reply_to:
        put(target, core("ServiceName"), asked.reply_to)
    envelope = children(ebm).get(core("EBMHeader"))
    copied(head, *(() if envelope is None else envelope.iterchildren(core("BusinessScope"))), parts.get(core("Custom")))
    return head


def _order(body: Element, ebm: Element, status: LineStatus, description: str) -> None:
    parts = children(order_element(ebm))
    copied(body, parts.get(core("Identification")), parts.get(ford("CustomerPartyReference")))
    copied(body, parts.get(ford("FulfillmentSuccessCode")))
    _status(body, status, description)


def _custom_of_order(ebm: Element) -> Element | None:
    return children(order_element(ebm)).get(ford("Custom"))


def _line(body: Element, request: Element, line: Line, result: LineResult, brm: str) -> None:
    parts = children(request)
    element = etree.SubElement(body, LINE)
    copied(element, parts.get(core("Identification")), parts.get(ford("ActionCode")))
    copied(element, parts.get(ford("FulfillmentModeCode")))
    if line.billing is not None:
        put(element, ford("BillingMode"), line.billing)
    if line.asset or result.poid:
        _installed(element, line.common, result.poid, brm)
    _status(element, result.status, result.description)
    copied(element, parts.get(ford("Custom")))


def _failed_line(body: Element, request: Element, description: str) -> None:
    parts: Children = children(request)
    element = etree.SubElement(body, LINE)
    names = (core("Identification"), ford("ActionCode"), ford("FulfillmentModeCode"), ford("BillingMode"))
    copied(element, *map(parts.get, names))
    _status(element, LineStatus.FAILED, description)
    copied(element, parts.get(ford("Custom")))


def _installed(parent: Element, common: str, poid: str, brm: str) -> None:
    """Write what BRM calls the asset: ``<ApplicationObjectKey><ID schemeAgencyID="BRM_01">0.0.0.1 /service/…``."""
    reference = etree.SubElement(parent, ford("InstalledProductReference"))
    identification = etree.SubElement(reference, ford("InstalledProductIdentification"))
    scheme = XrefTable.INSTALLEDPRODUCT_ID.value
    put(identification, core("BusinessComponentID"), common, schemeID=scheme, schemeAgencyID=COMMON)
    if poid:
        key = etree.SubElement(identification, core("ApplicationObjectKey"))
        put(key, core("ID"), poid, schemeID=scheme, schemeAgencyID=brm)


def _status(parent: Element, status: LineStatus, description: str) -> None:
    element = etree.SubElement(parent, core("Status"))
    put(element, core("Code"), status)
    if description:
        put(element, core("Description"), description)
