"""SOAP's own attributes: an encodingStyle, of which a literal service has none, and those that stand astray."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from soapkit.envelope import line_of
from soapkit.faults import FaultCode, Refused
from soapkit.schemas import element_path
from soapkit.versions import NAMESPACE_12, Version

_NAMESPACES = tuple(f"{{{version.value}}}" for version in Version)
_NO_ENCODING = frozenset(("", f"{NAMESPACE_12}/encoding/none"))


def strip_soap_attributes(block: etree._Element) -> etree._Element:
    """Take SOAP's own attributes off a header block, in place: a schema need not allow them."""
    for name in [name for name in block.attrib if str(name).startswith(_NAMESPACES)]:
        del block.attrib[name]
    return block


def strip_stray_attributes(element: etree._Element) -> bool:
    """Take SOAP's attributes off ``element`` and all inside it, in place; tell whether there were any.

    Both versions have them ignored anywhere but on header blocks (SOAP 1.1, 4.2.1; SOAP 1.2 Part 1, 5.2.2 to 5.2.4).
    """
    marked = [each for each in element.iter() if any(str(name).startswith(_NAMESPACES) for name in each.attrib)]
    for each in marked:
        strip_soap_attributes(each)
    return bool(marked)


def check_encoding(elements: Iterable[etree._Element]) -> None:
    """Refuse data in an encoding: all is literal here. SOAP 1.2 has a fault code for it (Part 1, 5.4.6)."""
    for each in (inner for element in elements for inner in element.iter()):
        if each.get(Version.SOAP_12.encoding_style, "").strip() not in _NO_ENCODING:
            tree = each.getroottree()
            path = element_path(tree.getroot(), tree.getpath(each))
            code = FaultCode.DATA_ENCODING_UNKNOWN
            raise Refused(
                "encoding-style", "Data must be literal, in no encoding", path=path, line=line_of(each), code=code
            )
