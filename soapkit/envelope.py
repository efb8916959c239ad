"""The SOAP envelope, read and written. Bodies are lxml elements coming in and bytes going out: never copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from lxml import etree

from soapkit import fault_xml
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.versions import BY_ENVELOPE, NAMESPACE_11, NAMESPACE_12, Version

__all__ = [
    "Parts",
    "Version",
    "line_of",
    "only_child",
    "opened",
    "split",
    "version_of",
    "wrap",
    "wrap_fault",
]

_START = {
    version: f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{version.value}">'.encode()
    for version in Version
}
_END = b"</soap:Body></soap:Envelope>"


@dataclass(frozen=True, slots=True)
class Parts:
    """The header blocks and the one body element of a message."""

    headers: tuple[etree._Element, ...]
    body: etree._Element


def version_of(root: etree._Element, said: Version = Version.SOAP_11) -> Version:
    """Tell which SOAP an envelope is of; ``said`` is the version whose rules judge what is none.

    Raises Refused: ``version`` for an envelope of another version, ``envelope`` for another document (which SOAP 1.2
    Part 1, 5.4.6, calls a VersionMismatch too).
    """
    version = BY_ENVELOPE.get(root.tag)
    if version is None:
        raise _not_an_envelope(root, said)
    return version


def split(root: etree._Element) -> Parts:
    """Take an envelope apart: one optional Header, then one Body holding exactly one element.

    Raises Refused: ``version`` for an envelope of another SOAP version, ``envelope`` for any other shape.
    """
    headers, body = opened(root, version_of(root))
    return Parts(headers, only_child(body))


def opened(root: etree._Element, version: Version) -> tuple[tuple[etree._Element, ...], etree._Element]:
    """Return the header blocks and the Body of an envelope, whatever the Body holds.

    An element after the Body is refused in SOAP 1.1 too, which would allow it: WS-I Basic Profile 1.1 (R1011) does not.
    Raises Refused, ``envelope``.
    """
    children = list(root)
    header = children.pop(0) if children and children[0].tag == version.header else None
    if len(children) != 1 or children[0].tag != version.body:
        text = "An Envelope holds an optional Header and then one Body"
        raise Refused("envelope", text, path="/Envelope", line=line_of(root))
    for element in (root, *children) if header is None else (root, header, *children):
        _check_furniture(element, version)
    blocks = () if header is None else tuple(header)
    for block in blocks:
        if not etree.QName(block).namespace:
            text, path = "A header block must be of a namespace", f"/Envelope/Header/{block.tag}"
            raise Refused("envelope", text, path=path, line=line_of(block))
    return blocks, children[0]


def _check_furniture(element: etree._Element, version: Version) -> None:
    """Envelope, Header and Body have attributes of a namespace only, and no text (SOAP 1.2 Part 1, 5.1 to 5.3)."""
    wrong, names = None, element.keys()
    if names and not all(str(name).startswith("{") for name in names):
        wrong = "have attributes of a namespace only"
    elif names and version is Version.SOAP_12 and version.encoding_style in names:
        wrong = "name no encodingStyle"
    elif _is_text(element.text) or any(_is_text(child.tail) for child in element):
        wrong = "hold no text"
    if wrong:
        name = etree.QName(element).localname
        path = "/Envelope" if name == "Envelope" else f"/Envelope/{name}"
        raise Refused("envelope", f"Envelope, Header and Body {wrong}", path=path, line=line_of(element))


def _is_text(found: str | None) -> bool:
    return bool(found and not found.isspace())


def only_child(body: etree._Element) -> etree._Element:
    """Return the one element inside the Body; raises Refused, ``envelope``, when there is none, or another."""
    if len(body) != 1:
        text = f"The Body must hold one element, not {len(body)}"
        raise Refused("envelope", text, path="/Envelope/Body", line=line_of(body))
    return body[0]


def line_of(element: etree._Element) -> int | None:
    """Return the source line of ``element``; None for one that was not parsed."""
    return cast("int | None", element.sourceline)


def _not_an_envelope(root: etree._Element, said: Version) -> Refused:
    name, line = etree.QName(root).localname, line_of(root)
    rule, text = "version", f"Envelopes of SOAP 1.1 ({NAMESPACE_11}) and SOAP 1.2 ({NAMESPACE_12}) are understood here"
    if name != "Envelope":
        rule, text = "envelope", "The document is not a SOAP Envelope"
        if said is Version.SOAP_11:
            return Refused(rule, text, path=f"/{name}", line=line)
    code = FaultCode.VERSION_MISMATCH
    return Refused(rule, text, path=f"/{name}", line=line, code=code, blocks=(_upgrade(),))


def _upgrade() -> etree._Element:
    """Name the envelopes that are understood, the preferred one first (SOAP 1.2 Part 1, 5.4.7)."""
    names = {"env": NAMESPACE_12, "s11": NAMESPACE_11}
    upgrade = etree.Element(f"{{{NAMESPACE_12}}}Upgrade", nsmap=names)
    for prefix in names:
        etree.SubElement(upgrade, f"{{{NAMESPACE_12}}}SupportedEnvelope", qname=f"{prefix}:Envelope")
    return upgrade


def wrap(body: etree._Element, headers: Iterable[etree._Element] = (), *, version: Version = Version.SOAP_11) -> bytes:
    """Write an envelope around ``body``; the element stays where it is."""
    return b"".join((_START[version], _header(headers), b"<soap:Body>", _bytes(body), _END))


def wrap_fault(
    fault: Fault,
    headers: Iterable[etree._Element] = (),
    *,
    version: Version = Version.SOAP_11,
    node: str | None = None,
) -> bytes:
    """Write an envelope around ``fault``, in the shape of ``version``; ``node`` is the address of who faults."""
    inside = fault_xml.written(fault, version, node)
    return b"".join((_START[version], _header(headers), b"<soap:Body>", inside, _END))


def _header(blocks: Iterable[etree._Element]) -> bytes:
    written = b"".join(map(_bytes, blocks))
    return b"<soap:Header>%s</soap:Header>" % written if written else b""


def _bytes(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)
