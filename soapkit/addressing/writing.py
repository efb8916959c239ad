"""Properties → header blocks (SOAP Binding 1.0, 3.4): of an answer, and of a request that a client sends."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from soapkit.addressing.editions import W3C, Edition
from soapkit.addressing.properties import EndpointReference


def new_message_id() -> str:
    """Return an id that nobody has given before."""
    return f"urn:uuid:{uuid.uuid4()}"


def answer_blocks(
    edition: Edition, endpoint: EndpointReference, *, action: str, message_id: str, related: str | None
) -> list[etree._Element]:
    """Write the blocks of an answer to ``endpoint``; ``related`` is the id of what it answers, if it had one.

    A reference parameter is marked as such, so that its receiver knows why it is there; 2004/08 knows no such mark.
    """
    blocks = [*_first(edition, endpoint.address, action, message_id)]
    if related is not None:
        blocks.append(_block(edition, "RelatesTo", related))
    return [*blocks, *(_parameter(edition, each) for each in endpoint.parameters)]


def request_blocks(edition: Edition, *, to: str, action: str, message_id: str) -> list[etree._Element]:
    """Write the blocks of a request that is answered on its own connection."""
    reply_to = etree.Element(edition.name("ReplyTo"), nsmap={"wsa": edition.namespace})
    etree.SubElement(reply_to, edition.name("Address")).text = edition.anonymous
    return [*_first(edition, to, action, message_id), reply_to]


def _first(edition: Edition, to: str, action: str, message_id: str) -> Iterator[etree._Element]:
    yield _block(edition, "To", to)
    yield _block(edition, "Action", action)
    yield _block(edition, "MessageID", message_id)


def _block(edition: Edition, local: str, text: str) -> etree._Element:
    block = etree.Element(edition.name(local), nsmap={"wsa": edition.namespace})
    block.text = text
    return block


def _parameter(edition: Edition, element: etree._Element) -> etree._Element:
    echoed = deepcopy(element)
    if edition is W3C:
        echoed.set(edition.name("IsReferenceParameter"), "true")
    return echoed
