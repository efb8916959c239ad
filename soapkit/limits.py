"""The one way XML from outside is parsed: no DTD, no entities, no network, bounded in every direction.

Bounds are first estimated from the raw bytes, in C, and counted exactly only when the estimate exceeds them: an
ordinary message pays for one parse and one depth check.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from lxml import etree

from soapkit.faults import Refused

_CHARSETS = {"utf-8": "UTF-8", "utf8": "UTF-8", "us-ascii": "US-ASCII", "ascii": "US-ASCII", "utf-16": "UTF-16"}
_CHARSETS |= {
    "utf-16le": "UTF-16LE",
    "utf-16be": "UTF-16BE",
    "iso-8859-1": "ISO-8859-1",
    "windows-1252": "windows-1252",
}
_DOCTYPE_AHEAD = re.compile(rb"(?s)(?:\xef\xbb\xbf)?\s*+(?:(?:<\?.*?\?>|<!--.*?-->)\s*+)*+<!DOCTYPE")
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s[^>]*\?>")
_RESOURCE_ERRORS = {etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG}
_DTD = "A document type declaration is not accepted"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything one message may hold. ``max_attributes`` counts those of the whole document."""

    max_bytes: int = 10 * 1024 * 1024
    max_depth: int = 100
    max_elements: int = 500_000
    max_attributes: int = 500_000


_DEFAULT = Limits()


def parse(data: bytes, limits: Limits = _DEFAULT, *, charset: str | None = None) -> etree._Element:
    """Parse ``data``; comments and processing instructions are left out, CDATA becomes text.

    ``charset`` is the HTTP header's, which wins over the XML declaration (RFC 7303). Raises Refused with rule
    ``max-bytes``, ``charset``, ``doctype``, ``well-formed``, ``parser-limit``, ``max-depth``, ``max-elements`` or
    ``max-attributes``.
    """
    if len(data) > limits.max_bytes:
        raise Refused("max-bytes", f"The message is larger than {limits.max_bytes} bytes", status=413)
    if _DOCTYPE_AHEAD.match(data):
        raise Refused("doctype", _DTD)
    root = _parsed(data, charset)
    _check_document(root)
    _check_size(root, data, limits)
    return root


def may_hold(data: bytes, ascii_name: bytes) -> bool:
    """Tell whether a document can hold a name, from its bytes alone: False is certain, True is worth a look."""
    return ascii_name in data or _is_wide(data)


def refuse_instructions(data: bytes, charset: str | None) -> None:
    """Refuse a document that parsed, but holds a processing instruction, which a SOAP message must not.

    Raises Refused, ``processing-instruction`` (SOAP 1.1, 3; SOAP 1.2 Part 1, 5).
    """
    declaration = _DECLARATION.match(data)
    start = declaration.end() if declaration else 0
    if not _is_wide(data) and (data.find(b"?", start) < 0 or data.find(b"<?", start) < 0):  # one byte is found faster
        return
    parser = etree.XMLParser(encoding=_encoding(charset), resolve_entities=False, no_network=True, collect_ids=False)
    if found := _LOCAL.nodes("//processing-instruction()", etree.fromstring(data, parser)):
        text = "A SOAP message holds no processing instructions"
        raise Refused("processing-instruction", text, line=found[0].sourceline)


def _is_wide(data: bytes) -> bool:
    return b"\0" in data[:4]


def elements_in(element: etree._Element) -> int:
    """Count the elements inside ``element``, in C."""
    return int(_LOCAL.number("count(.//*)", element))


def _parsed(data: bytes, charset: str | None) -> etree._Element:
    try:
        return etree.fromstring(data, _parser(_encoding(charset)))
    except etree.XMLSyntaxError as error:
        rule = "parser-limit" if getattr(error, "code", 0) in _RESOURCE_ERRORS else "well-formed"
        raise Refused(rule, f"Not well-formed XML: {_first_line(error.msg)}", line=error.lineno or None) from error
    except (LookupError, ValueError) as error:
        raise Refused("charset", "The text is not in the character set it declares") from error


def _encoding(charset: str | None) -> str | None:
    encoding = None if charset is None else _CHARSETS.get(charset.strip("\"' ").lower())
    if charset is not None and encoding is None:
        raise Refused("charset", "This character set is not supported")
    return encoding


def _check_document(root: etree._Element) -> None:
    about = root.getroottree().docinfo
    if about.internalDTD is not None or about.doctype:
        raise Refused("doctype", _DTD)
    if about.encoding and about.encoding.lower() not in _CHARSETS:
        raise Refused("charset", "This character set is not supported")


def _check_size(root: etree._Element, data: bytes, limits: Limits) -> None:
    if _LOCAL.found(_deeper_than(limits.max_depth), root):
        raise Refused("max-depth", f"Elements are nested deeper than {limits.max_depth}")
    if data.count(b"<") > limits.max_elements and _LOCAL.number("count(//*)", root) > limits.max_elements:
        raise Refused("max-elements", f"The message holds more than {limits.max_elements} elements")
    if data.count(b"=") > limits.max_attributes and _LOCAL.number(_ATTRIBUTES, root) > limits.max_attributes:
        raise Refused("max-attributes", f"The message holds more than {limits.max_attributes} attributes")


_ATTRIBUTES = "count(//@*)"


@cache
def _deeper_than(depth: int) -> str:
    return "boolean(/" + "*/" * depth + "*)"


class _PerThread(threading.local):
    """Parsers and compiled XPaths hold state while they run, so no two threads share one."""

    def __init__(self) -> None:
        self.parsers: dict[str | None, etree.XMLParser] = {}
        self.xpaths: dict[str, etree.XPath] = {}

    def xpath(self, path: str, root: etree._Element) -> object:
        compiled = self.xpaths.get(path)
        if compiled is None:
            compiled = self.xpaths[path] = etree.XPath(path, smart_strings=False)
        return compiled(root)

    def found(self, path: str, root: etree._Element) -> bool:
        return bool(self.xpath(path, root))

    def nodes(self, path: str, root: etree._Element) -> list[Any]:
        return cast("list[Any]", self.xpath(path, root))

    def number(self, path: str, root: etree._Element) -> float:
        return cast("float", self.xpath(path, root))


_LOCAL = _PerThread()


def _parser(encoding: str | None) -> etree.XMLParser:
    parser = _LOCAL.parsers.get(encoding)
    if parser is None:
        parser = _LOCAL.parsers[encoding] = etree.XMLParser(
            encoding=encoding,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
        )
    return parser


def _first_line(message: str | None) -> str:
    return (message or "unreadable").splitlines()[0][:200]
