"""Golden messages: compared as canonical XML, white space between elements aside."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from soapkit.catalog import load

SAMPLES = Path(__file__).parents[2] / "samples"
BRM = "http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes"
_GROUPS = {"CUST": "BRMCustServices", "SUBSCRIPTION": "BRMSubscriptionServices"}


def sample(name: str) -> bytes:
    """Return a file of tests/samples."""
    return (SAMPLES / name).read_bytes()


def canonical(xml: bytes) -> str:
    """Return XML in canonical form, without white space between elements."""
    return str(etree.canonicalize(xml.decode(), strip_text=True))


def call_body(opcode: str, flist: Any) -> etree._Element:
    """Write an input flist as the body of its SOAP call, checked against BRM's contract."""
    operation = "pcmOp" + "".join(map(str.capitalize, opcode.removeprefix("PCM_OP_").split("_")))
    element = etree.Element(f"{{{BRM}}}{operation}", nsmap={None: BRM})  # type: ignore[dict-item] # None: the default
    _fields(etree.SubElement(element, f"{{{BRM}}}{opcode}_inputFlist"), flist)
    group = next(name for key, name in _GROUPS.items() if opcode.startswith(f"PCM_OP_{key}_"))
    assert load(f"wsdl/brm/{group}_v2.wsdl").check(element) == ()
    return element


def _fields(parent: etree._Element, flist: dict[Any, Any]) -> None:
    for name, value in flist.items():
        if isinstance(value, dict) and all(isinstance(key, int) for key in value):
            for number, fields in value.items():
                _fields(etree.SubElement(parent, f"{{{BRM}}}{name}", elem=str(number)), fields)
        elif isinstance(value, dict):
            _fields(etree.SubElement(parent, f"{{{BRM}}}{name}"), value)
        else:
            etree.SubElement(parent, f"{{{BRM}}}{name}").text = _text(value)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
