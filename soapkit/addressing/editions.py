"""What the two editions of WS-Addressing call things: the one table that tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition; ``none`` is None where there is no such address.

    ``fault`` is the Action of the predefined faults, ``soap_fault`` that of faults no contract declares. ``invalid``
    and ``required`` are the local names of the two faults about header blocks; ``reply`` is how RelatesTo says that a
    message is a reply, where it says so. ``to_required``: a message without To is refused (2004/08, section 3).
    """

    namespace: str
    anonymous: str
    none: str | None
    fault: str
    soap_fault: str
    invalid: str
    required: str
    reply: str
    to_required: bool

    def name(self, local: str) -> str:
        """Return a name of this edition in Clark notation."""
        return f"{{{self.namespace}}}{local}"


_2005 = "http://www.w3.org/2005/08/addressing"
_2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"

W3C = Edition(
    namespace=_2005,
    anonymous=f"{_2005}/anonymous",
    none=f"{_2005}/none",
    fault=f"{_2005}/fault",
    soap_fault=f"{_2005}/soap/fault",
    invalid="InvalidAddressingHeader",
    required="MessageAddressingHeaderRequired",
    reply=f"{_2005}/reply",
    to_required=False,
)
"""WS-Addressing 1.0, recommended by the W3C."""

SUBMISSION = Edition(
    namespace=_2004,
    anonymous=f"{_2004}/role/anonymous",
    none=None,
    fault=f"{_2004}/fault",
    soap_fault=f"{_2004}/fault",
    invalid="InvalidMessageInformationHeader",
    required="MessageInformationHeaderRequired",
    reply="Reply",
    to_required=True,
)
"""The submission of August 2004, which toolkits of that time speak. RelationshipType is a QName there."""

EDITIONS: Mapping[str, Edition] = MappingProxyType({edition.namespace: edition for edition in (W3C, SUBMISSION)})

SINGLE = ("To", "From", "ReplyTo", "FaultTo", "Action", "MessageID")
"""Blocks that a message has once at most (Core, 3.2); RelatesTo may come any number of times."""

BLOCKS: Mapping[str, Edition] = MappingProxyType(
    {edition.name(local): edition for edition in EDITIONS.values() for local in (*SINGLE, "RelatesTo")}
)
"""Every header block that is a message addressing property, by its Clark name."""
