"""ProcessFulfillmentOrderBillingEBM → order: one pass, no XPath over the document. No I/O.

What the order does not model (Custom, names, addresses …) stays in the elements, which travel on unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.order import (
    ORDER_PATH,
    Order,
)
from gateway.errors import InvalidMessage
from gateway.transforms.ebm_line import ACCOUNT, line
from gateway.transforms.namespaces import core, ford
from gateway.transforms.reading import Element, children, common_id, named, text

EBM = ford("ProcessFulfillmentOrderBillingEBM")
BODY = ford("ProcessFulfillmentOrderBilling")
LINE = ford("FulfillmentOrderLine")


@dataclass(frozen=True, slots=True)
class Header:
    """What EBMHeader and DataArea say about the exchange, whatever the order is."""

    ebm_id: str
    sender: str
    target: str
    reply_to: str
    response_code: str


@dataclass(frozen=True, slots=True)
class Ebm:
    """A message read: the order, and the elements it was read from, for whoever passes them on."""

    order: Order
    element: Element
    lines: tuple[Element, ...]


def header(element: Element) -> Header:
    """Read the header of an EBM, as far as it is there: an invalid message may have to be answered too."""
    top = children(element)
    head, area = children(top.get(core("EBMHeader"))), top.get(ford("DataArea"))
    sender = children(head.get(core("Sender")))
    verb = children(area).get(core("Process"))
    codes = (node.get("responseCode", "") for node in (area, verb) if node is not None)
    return Header(
        ebm_id=text(head.get(core("EBMID"))),
        sender=text(sender.get(core("ID"))),
        target=text(children(head.get(core("Target"))).get(core("ID"))),
        reply_to=text(children(sender.get(core("WSAddress"))).get(core("ReplyTo"))),
        response_code=" ".join(next(filter(None, codes), "").split()),
    )


def group_of(element: Element) -> str | None:
    """Return by what orders are taken one at a time: target BRM and customer account; None when one is missing."""
    top = children(children(children(element).get(ford("DataArea"))).get(BODY))
    account = common_id(children(top.get(ford("CustomerPartyReference"))).get(ford(ACCOUNT)))
    target = header(element).target
    return f"{target}/{account}" if target and account else None


def decode(element: Element) -> Ebm:
    """Read a valid ProcessFulfillmentOrderBillingEBM.

    Values on the order are defaults for its lines. Raises InvalidMessage for what is missing though the schema lets it,
    Contradiction for unknown codes.
    """
    body = order_element(element)
    top = children(body)
    lines = tuple(body.iterchildren(LINE))
    identification = children(top.get(core("Identification")))
    account = named(children(top.get(ford("CustomerPartyReference"))).get(ford(ACCOUNT)), _account_path())
    if account is None:
        raise InvalidMessage(f"{_account_path()} is missing", element=_account_path())
    head = header(element)
    order = Order(
        ebm_id=head.ebm_id,
        sender=head.sender,
        target=head.target,
        id=text(identification.get(core("BusinessComponentID"))) or text(identification.get(core("ID"))),
        number=text(identification.get(core("ID"))),
        revision=text(children(identification.get(core("Revision"))).get(core("Number"))),
        account=account,
        lines=tuple(line(found, position, top, head.target) for position, found in enumerate(lines, start=1)),
        reply_to=head.reply_to,
        response_code=head.response_code,
    )
    return Ebm(order, element, lines)


def order_element(element: Element) -> Element:
    """Return the ProcessFulfillmentOrderBilling of an EBM; raises InvalidMessage without one."""
    body = children(children(element).get(ford("DataArea"))).get(BODY)
    if body is None:
        raise InvalidMessage(f"{ORDER_PATH} is missing", element=ORDER_PATH)
    return body


def _account_path() -> str:
    return f"{ORDER_PATH}/CustomerPartyReference/{ACCOUNT}"
