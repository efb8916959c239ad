"""Faults on the wire: SOAP 1.1 (note, 4.4) and SOAP 1.2 (Part 1, 5.4), written and read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from soapkit.faults import Fault, RemoteFault
from soapkit.versions import NAMESPACE_12, Version

_NOT_XML = {c: None for c in (*range(0x20), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)) if c not in (9, 10, 13)}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_S12 = f"{{{NAMESPACE_12}}}"
_ULTIMATE_RECEIVER = f"{NAMESPACE_12}/role/ultimateReceiver"
_CODES_12 = {local: code for code, local in Version.SOAP_12.codes.items()}


def written(fault: Fault, version: Version, node: str | None = None) -> bytes:
    """Write the Fault element; ``soap`` must be bound to the version's namespace around it.

    ``node`` is the address of who faults. Characters that XML cannot carry are left out of the text.
    """
    text = escape(fault.text.translate(_NOT_XML))
    return b"<soap:Fault>%s</soap:Fault>" % b"".join(_WRITERS[version](fault, text, node))


def read(fault: etree._Element) -> RemoteFault:
    """Read a Fault element of either version. Codes come back by their names in SOAP 1.1."""
    return _READERS[fault.tag](fault)


def _written_11(fault: Fault, text: str, node: str | None) -> Iterator[bytes]:
    narrow = fault.subsubcode or fault.subcode
    code = f"soap:{Version.SOAP_11.codes[fault.code]}"
    yield _qname("faultcode", narrow) if narrow else f"<faultcode>{code}</faultcode>".encode()
    yield f"<faultstring>{text}</faultstring>".encode()
    if node:
        yield f"<faultactor>{escape(node)}</faultactor>".encode()
    if fault.detail is not None or fault.of_body:
        yield b"<detail>%s</detail>" % (b"" if fault.detail is None else _bytes(fault.detail))


def _written_12(fault: Fault, text: str, node: str | None) -> Iterator[bytes]:
    narrower = f"{_subcode(fault.subcode, _subcode(fault.subsubcode))}</soap:Code>"
    yield f"<soap:Code><soap:Value>soap:{Version.SOAP_12.codes[fault.code]}</soap:Value>{narrower}".encode()
    yield f'<soap:Reason><soap:Text xml:lang="en">{text}</soap:Text></soap:Reason>'.encode()
    if node:
        yield f"<soap:Node>{escape(node)}</soap:Node><soap:Role>{_ULTIMATE_RECEIVER}</soap:Role>".encode()
    entries = b"".join(_bytes(entry) for entry in (fault.about, fault.detail) if entry is not None)
    if entries:
        yield b"<soap:Detail>%s</soap:Detail>" % entries


_WRITERS: Mapping[Version, Callable[[Fault, str, str | None], Iterator[bytes]]] = {
    Version.SOAP_11: _written_11,
    Version.SOAP_12: _written_12,
}


def _subcode(code: str | None, inner: str = "") -> str:
    return f"<soap:Subcode>{_qname('soap:Value', code).decode()}{inner}</soap:Subcode>" if code else ""


def _qname(element: str, clark: str) -> bytes:
    """Write an element that holds a QName, its prefix declared on it."""
    name = etree.QName(clark)
    return f"<{element} xmlns:f={quoteattr(name.namespace or '')}>f:{name.localname}</{element}>".encode()


def _bytes(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)


def _read_11(fault: etree._Element) -> RemoteFault:
    code = _clark(fault.find("faultcode"))
    own = code is None or code.startswith(f"{{{Version.SOAP_11.value}}}")
    return RemoteFault(
        etree.QName(code).localname if code else "",
        fault.findtext("faultstring") or "",
        _first(fault.find("detail")),
        subcode=None if own else code,
    )


def _read_12(fault: etree._Element) -> RemoteFault:
    code = _clark(fault.find(f"{_S12}Code/{_S12}Value"))
    local = etree.QName(code).localname if code else ""
    texts = fault.findall(f"{_S12}Reason/{_S12}Text")
    english = [text for text in texts if text.get(_LANGUAGE, "").lower().startswith("en")]
    told = next((text.text or "" for text in (*english, *texts)), "")
    subcode = _clark(fault.find(f"{_S12}Code/{_S12}Subcode/{_S12}Value"))
    return RemoteFault(_CODES_12.get(local, local), told, _first(fault.find(f"{_S12}Detail")), subcode=subcode)


_READERS = {Version.SOAP_11.fault: _read_11, Version.SOAP_12.fault: _read_12}
FAULTS = frozenset(_READERS)
"""The Fault elements of all versions."""


def _first(detail: etree._Element | None) -> etree._Element | None:
    return detail[0] if detail is not None and len(detail) else None


def _clark(element: etree._Element | None) -> str | None:
    """Give the QName that an element holds in Clark notation; as it stands where its prefix means nothing."""
    text = "" if element is None else (element.text or "").strip()
    prefix, _, local = text.rpartition(":")
    namespace = None if element is None else element.nsmap.get(prefix or None)
    return f"{{{namespace}}}{local}" if namespace and local else local or None
