"""The client's side: the header blocks of a request that is answered on its connection, and what its answer relates to.

Speaks 2005/08.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from soapkit.addressing.actions import actions
from soapkit.addressing.editions import W3C
from soapkit.addressing.writing import new_message_id, request_blocks
from soapkit.catalog import Contract, Operation
from soapkit.faults import InvalidAnswer


@dataclass(frozen=True, slots=True)
class Asked:
    """An addressed request: its id, and its header blocks."""

    message_id: str
    blocks: tuple[etree._Element, ...]

    def check(self, headers: Sequence[etree._Element]) -> None:
        """Raise InvalidAnswer when an answer says that it replies to another message; it need not say to which."""
        related = [block for block in headers if block.tag == W3C.name("RelatesTo") and _is_reply(block)]
        if related and all((block.text or "").strip() != self.message_id for block in related):
            raise InvalidAnswer("The answer relates to another message")


def ask(contract: Contract, operation: Operation, address: str) -> Asked:
    """Address a request to ``address``, under a new id."""
    message_id = new_message_id()
    action = actions(contract, operation, W3C).request
    return Asked(message_id, tuple(request_blocks(W3C, to=address, action=action, message_id=message_id)))


def _is_reply(block: etree._Element) -> bool:
    return block.get("RelationshipType", W3C.reply) == W3C.reply
