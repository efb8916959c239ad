"""The SOAP 1.1 envelope, read and written. Bodies are lxml elements coming in and bytes going out: never copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import cast
from xml.sax.saxutils import escape

from lxml import etree

from soapkit.faults import Fault, FaultCode, Refused

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
FAULT = f"{{{SOAP_11}}}Fault"
MUST_UNDERSTAND = f"{{{SOAP_11}}}mustUnderstand"
ACTOR = f"{{{SOAP_11}}}actor"
NEXT = "http://schemas.xmlsoap.org/soap/actor/next"

_ENVELOPE = f"{{{SOAP_11}}}Envelope"
_HEADER = f"{{{SOAP_11}}}Header"
_BODY = f"{{{SOAP_11}}}Body"
_START = f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP_11}">'.encode()
_END = b"</soap:Body></soap:Envelope>"
_NOT_XML = {c: None for c in (*range(0x20), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)) if c not in (9, 10, 13)}


class Version(Enum):
    """The versions of SOAP; the value is the namespace of the envelope."""

    SOAP_11 = SOAP_11
    SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"


@dataclass(frozen=True, slots=True)
class Parts:
    """The header blocks and the one body element of a message."""

    headers: tuple[etree._Element, ...]
    body: etree._Element


def split(root: etree._Element) -> Parts:
    """Take an envelope apart: one optional Header, then one Body holding exactly one element.

    Raises Refused: ``version`` for an envelope of another SOAP version, ``envelope`` for any other shape.
    """
    if root.tag != _ENVELOPE:
        raise _not_an_envelope(root)
    children = list(root)
    headers = tuple(children.pop(0)) if children and children[0].tag == _HEADER else ()
    if len(children) != 1 or children[0].tag != _BODY:
        raise Refused("envelope", "An Envelope holds an optional Header and then one Body", path="/Envelope")
    body = children[0]
    if len(body) != 1:
        raise Refused("envelope", f"The Body must hold one element, not {len(body)}", path="/Envelope/Body")
    return Parts(headers, body[0])


def strip_soap_attributes(block: etree._Element) -> etree._Element:
    """Take SOAP's own attributes off a header block, in place: a schema need not allow them."""
    for name in [name for name in block.attrib if str(name).startswith(f"{{{SOAP_11}}}")]:
        del block.attrib[name]
    return block


def line_of(element: etree._Element) -> int | None:
    """Return the source line of ``element``; None for one that was not parsed."""
    return cast("int | None", element.sourceline)


def _not_an_envelope(root: etree._Element) -> Refused:
    name = etree.QName(root)
    if name.localname == "Envelope":
        text = f"Envelopes of the SOAP version {SOAP_11} are understood here"
        return Refused("version", text, path="/Envelope", line=line_of(root), code=FaultCode.VERSION_MISMATCH)
    return Refused("envelope", "The document is not a SOAP Envelope", path=f"/{name.localname}", line=line_of(root))


def wrap(body: etree._Element, headers: Iterable[etree._Element] = ()) -> bytes:
    """Write an envelope around ``body``; the element stays where it is."""
    return b"".join((_START, _header(headers), b"<soap:Body>", _bytes(body), _END))


def wrap_fault(fault: Fault, headers: Iterable[etree._Element] = ()) -> bytes:
    """Write an envelope around ``fault``. Characters that XML cannot carry are left out of its text."""
    text = escape(fault.text.translate(_NOT_XML))
    detail = b"" if fault.detail is None else b"<detail>%s</detail>" % _bytes(fault.detail)
    told = f"<faultcode>soap:{fault.code}</faultcode><faultstring>{text}</faultstring>".encode()
    return b"".join((_START, _header(headers), b"<soap:Body><soap:Fault>", told, detail, b"</soap:Fault>", _END))


def _header(blocks: Iterable[etree._Element]) -> bytes:
    written = b"".join(map(_bytes, blocks))
    return b"<soap:Header>%s</soap:Header>" % written if written else b""


def _bytes(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)
