"""The predefined faults (SOAP Binding 1.0, 6.4; Metadata 1.0, 5.2; 2004/08, 4), bound to either SOAP version.

SOAP 1.2 carries the detail in Detail. SOAP 1.1 forbids a detail about header blocks: it travels in the header block
FaultDetail (SOAP Binding 1.0, 6.2), and in 2004/08 not at all.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from enum import Enum

from lxml import etree

from soapkit.addressing.editions import W3C, Edition
from soapkit.envelope import line_of
from soapkit.faults import Refused
from soapkit.versions import Version

_INVALID = "invalid"
_REQUIRED = "required"
_LONGEST_QUOTE = 4096
"""Bytes: what a message may have repeated to it."""


class Problem(Enum):
    """What can be wrong: our rule's name, the subcode (``invalid`` and ``required`` by edition), the narrower one."""

    CARDINALITY = ("addressing-cardinality", _INVALID, "InvalidCardinality")
    HEADER = ("addressing-header", _INVALID, None)
    ADDRESS = ("addressing-address", _INVALID, "InvalidAddress")
    REFERENCE = ("addressing-epr", _INVALID, "InvalidEPR")
    NO_ADDRESS = ("addressing-epr", _INVALID, "MissingAddressInEPR")
    DUPLICATE = ("addressing-message-id", _INVALID, "DuplicateMessageID")
    ACTION_MISMATCH = ("addressing-action", _INVALID, "ActionMismatch")
    ONLY_ANONYMOUS = ("addressing-reply", _INVALID, "OnlyAnonymousAddressSupported")
    REQUIRED = ("addressing-required", _REQUIRED, None)
    ACTION = ("addressing-action", "ActionNotSupported", None)
    UNREACHABLE = ("addressing-to", "DestinationUnreachable", None)

    def __init__(self, rule: str, subcode: str, narrower: str | None) -> None:
        self.rule = rule
        self.subcode = subcode
        self.narrower = narrower

    def code(self, edition: Edition) -> str:
        """Return the subcode's Clark name."""
        return edition.name({_INVALID: edition.invalid, _REQUIRED: edition.required}.get(self.subcode, self.subcode))


@dataclass(frozen=True, slots=True)
class Wrong:
    """A predefined fault about ``header`` (a local name): where it stands in the message, and what of it is quoted.

    ``iri`` is the address that cannot be reached, ``actions`` the Action and perhaps the SOAPAction that clash.
    """

    problem: Problem
    header: str
    text: str
    block: etree._Element | None = None
    iri: str | None = None
    actions: tuple[str, ...] = ()

    def refused(self, edition: Edition, version: Version) -> Refused:
        """Bind it to an edition and to a version of SOAP."""
        detail = _detail_2005(self, edition) if edition is W3C else _detail_2004(self, edition)
        in_header = version is Version.SOAP_11
        narrower = self.problem.narrower if edition is W3C else None
        return Refused(
            self.problem.rule,
            self.text,
            path=f"/Envelope/Header/{self.header}" if self.block is not None else "/Envelope/Header",
            line=None if self.block is None else line_of(self.block),
            subcode=self.problem.code(edition),
            subsubcode=narrower and edition.name(narrower),
            blocks=_fault_detail(edition, detail) if in_header else (),
            detail=None if in_header else detail,
        )


class Invalid(Exception):
    """The message addressing properties are wrong; raised while they are read, before a SOAP version is known."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.text)
        self.wrong = wrong


def _fault_detail(edition: Edition, detail: etree._Element | None) -> tuple[etree._Element, ...]:
    if detail is None or edition is not W3C:
        return ()
    block = etree.Element(edition.name("FaultDetail"), nsmap={"wsa": edition.namespace})
    block.append(detail)
    return (block,)


def _detail_2005(wrong: Wrong, edition: Edition) -> etree._Element:
    names = {"wsa": edition.namespace}
    if wrong.actions:
        found = etree.Element(edition.name("ProblemAction"), nsmap=names)
        for local, action in zip(("Action", "SoapAction"), wrong.actions, strict=False):
            etree.SubElement(found, edition.name(local)).text = action
        return found
    found = etree.Element(edition.name("ProblemIRI" if wrong.iri else "ProblemHeaderQName"), nsmap=names)
    found.text = wrong.iri or f"wsa:{wrong.header}"
    return found


def _detail_2004(wrong: Wrong, edition: Edition) -> etree._Element | None:
    """2004/08 quotes the action, or the block that is invalid; a missing one's name has no element to stand in."""
    if wrong.actions:
        found = etree.Element(edition.name("Action"), nsmap={"wsa": edition.namespace})
        found.text = wrong.actions[0]
        return found
    if wrong.block is None or wrong.problem.subcode != _INVALID:
        return None
    quoted = etree.tostring(wrong.block, with_tail=False)
    return deepcopy(wrong.block) if len(quoted) <= _LONGEST_QUOTE else None
