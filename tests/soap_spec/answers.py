"""What any answer must be, and what a case asks of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

from lxml import etree

from soapkit.versions import Version
from tests.soap_spec.case import NEXT, S11, S12, ULTIMATE, Case, Expected
from tests.soap_spec.http import Got, Sent, exchange

SCHEMAS: Mapping[Version, str] = {S11: "soap11.xsd", S12: "soap12.xsd"}
ACCEPTED = 202
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_XSD = Path(__file__).parent / "xsd"


@cache
def _schema(version: Version) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(_XSD / SCHEMAS[version]))


def check(case: Case, got: Got, url: str) -> None:
    """Fail where ``got`` is not what the rule, or the version of SOAP in general, asks for."""
    expected = case.expected
    assert got.status in expected.status, f"{got.status} {got.content.decode(errors='replace')}"
    for name, value in expected.headers:
        assert value in got.headers.get(name.lower(), ""), got.headers
    if expected.body or expected.code:
        _check_envelope(got, expected)
    elif got.status == ACCEPTED or case.sent.method == "HEAD":
        assert got.content == b""
    else:
        _check_any(got)
    if expected.effect is not None:
        assert (case.order in effects(url)) is expected.effect


def effects(url: str) -> list[str]:
    """Return the ids of all orders that a handler has seen."""
    return exchange(url, Sent(b"", method="GET", path="/effects")).content.decode().split()


def _check_any(got: Got) -> None:
    """Check what is SOAP, whichever version it is of; the rest is for people."""
    found = got.headers.get("content-type", "").partition(";")[0]
    for version in (version for version in Version if version.media_type == found):
        _well_made(got, version)


def _check_envelope(got: Got, expected: Expected) -> None:
    root = _well_made(got, expected.version)
    [body] = list(cast("etree._Element", root.find(expected.version.body)))
    header = root.find(expected.version.header)
    blocks = [] if header is None else list(header)
    if expected.body:
        assert body.tag == expected.body
    else:
        _FAULTS[expected.version](body, expected)
    named = [(element.tag, _qname(element, element.get("qname"))) for each in blocks for element in _named(each)]
    assert tuple(named) == expected.blocks


def _well_made(got: Got, version: Version) -> etree._Element:
    """Return the envelope; fail unless it is one by the schema, of the right media type, and as plain as it can be.

    WS-I BP 1.1 asks for no DTD (R1008), no processing instructions (R1009), and none of SOAP's own attributes on its
    own elements (R1005, R1032).
    """
    assert got.headers["content-type"].partition(";")[0] == version.media_type
    assert "charset=utf-8" in got.headers["content-type"].replace('"', "").lower()
    root = etree.fromstring(got.content)
    assert root.tag == version.envelope
    schema = _schema(version)
    assert schema.validate(root), schema.error_log
    assert b"<!DOCTYPE" not in got.content
    assert list(root.iter(etree.ProcessingInstruction)) == []
    names = [str(name) for each in (root, *root) for name in each.attrib]
    assert [name for name in names if name.startswith(f"{{{version.value}}}")] == []
    return root


def _named(block: etree._Element) -> list[etree._Element]:
    """Return the elements of a block that carry a ``qname``: itself, or those inside an Upgrade."""
    return [element for element in block.iter() if element.get("qname")]


def _check_fault_11(fault: etree._Element, expected: Expected) -> None:
    assert fault.tag == S11.fault
    text = fault.findtext("faultstring") or ""
    assert text.strip()
    assert expected.text in text
    code = _qname(fault, fault.findtext("faultcode"))
    assert code == (expected.subcode or f"{{{S11.value}}}{expected.code}")  # no dots: WS-I BP 1.1, R1031
    if expected.detail is not None:
        assert (fault.find("detail") is not None) is expected.detail


def _check_fault_12(fault: etree._Element, expected: Expected) -> None:
    assert fault.tag == S12.fault
    values = fault.findall(f"{{{S12.value}}}Code//{{{S12.value}}}Value")
    codes = [_qname(value, value.text) for value in values]
    assert codes[0] == f"{{{S12.value}}}{expected.code}"
    assert codes[1:] == [] if expected.subcode is None else expected.subcode in codes[1:]
    texts = fault.findall(f"{{{S12.value}}}Reason/{{{S12.value}}}Text")
    languages = [text.get(_LANGUAGE) for text in texts]
    assert len(set(languages)) == len(languages)
    assert fault.findtext(f"{{{S12.value}}}Role", ULTIMATE) in (ULTIMATE, NEXT[S12])
    assert expected.text in (texts[0].text or "")
    if expected.detail is not None:
        assert (fault.find(f"{{{S12.value}}}Detail") is not None) is expected.detail


_FAULTS = {S11: _check_fault_11, S12: _check_fault_12}


def _qname(element: etree._Element, written: str | None) -> str:
    """Resolve a QName where it stands; a prefix that is not declared there fails."""
    prefix, _, local = (written or "").strip().rpartition(":")
    assert prefix in element.nsmap, f"{written} cannot be resolved"
    return f"{{{element.nsmap[prefix]}}}{local}"
