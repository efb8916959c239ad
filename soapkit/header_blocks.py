"""Whom a header block is for, and whether it must be understood (SOAP 1.1, 4.2; SOAP 1.2 Part 1, 2.4 and 5.2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lxml import etree

from soapkit.envelope import line_of
from soapkit.faults import FaultCode, Refused
from soapkit.versions import NAMESPACE_12, Version

_MOST_NAMED = 20
_BOOLEANS = {"": False, "0": False, "false": False, "1": True, "true": True}


def for_us(blocks: Sequence[etree._Element], version: Version) -> tuple[etree._Element, ...]:
    """Return the blocks for a role of ours; what others are told, mandatory or not, is none of our business.

    Raises Refused, ``envelope``, for one of ours whose mustUnderstand or relay is not an xs:boolean.
    """
    ours = tuple(block for block in blocks if block.get(version.role, "").strip() in version.roles)
    for block in ours:
        for name in (version.must_understand, version.relay):
            if block.get(name, "").strip() not in _BOOLEANS:
                attribute = etree.QName(name).localname
                raise _refused("envelope", f"{attribute} must be 0, 1, true or false", block)
    return ours


def check_understood(blocks: Sequence[etree._Element], version: Version, understood: Collection[str]) -> None:
    """Refuse a message with a mandatory block that nobody here understands; SOAP 1.2 names each (5.4.8), up to 20."""
    strange = [
        block
        for block in blocks
        if block.tag not in understood and _BOOLEANS[block.get(version.must_understand, "").strip()]
    ]
    if strange:
        text = f"The header {etree.QName(strange[0]).localname} is not understood"
        named = tuple(map(_not_understood, strange[:_MOST_NAMED])) if version is Version.SOAP_12 else ()
        raise _refused("must-understand", text, strange[0], FaultCode.MUST_UNDERSTAND, named)


def _not_understood(block: etree._Element) -> etree._Element:
    name = etree.QName(block)
    names = {"env": NAMESPACE_12, "n": name.namespace or ""}
    return etree.Element(f"{{{NAMESPACE_12}}}NotUnderstood", qname=f"n:{name.localname}", nsmap=names)


def _refused(
    rule: str,
    text: str,
    block: etree._Element,
    code: FaultCode = FaultCode.CLIENT,
    blocks: tuple[etree._Element, ...] = (),
) -> Refused:
    path = f"/Envelope/Header/{etree.QName(block).localname}"
    return Refused(rule, text, path=path, line=line_of(block), code=code, blocks=blocks)
