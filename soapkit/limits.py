"""The one way XML from outside is parsed: no DTD, no entities, no network, bounded in every direction.

Bounds are first estimated from the raw bytes, in C, and counted exactly only when the estimate exceeds them: an
ordinary message pays for one parse and one depth check.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from lxml import etree

from soapkit.charsets import is_served, readable
from soapkit.faults import Refused

_DOCTYPE_AHEAD = re.compile(rb"(?s)(?:\xef\xbb\xbf)?\s*+(?:(?:<\?.*?\?>|<!--.*?-->)\s*+)*+<!DOCTYPE")
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s[^>]*\?>")
_RESOURCE_ERRORS = {etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG}
_TAG = re.compile(rb"<[^>]*")
_DTD = "A document type declaration is not accepted"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything one message may hold, and how many may be worked on at the same time.

    ``max_attributes`` and ``max_namespaces`` (declarations) count those of the whole document. ``max_concurrent`` is
    per process, 0 is no limit but the server's own threads. ``accept_gzip`` allows packed requests, whose
    ``max_bytes`` are those they unpack to. ``max_seconds`` is for a request to arrive whole: the servers see to it.
    """

    max_bytes: int = 10 * 1024 * 1024
    max_depth: int = 100
    max_elements: int = 500_000
    max_attributes: int = 500_000
    max_name_length: int = 1_000
    max_namespaces: int = 100_000
    max_concurrent: int = 0
    max_seconds: float = 60.0
    accept_gzip: bool = False

    def too_large(self) -> Refused:
        """Word the refusal of a message with too many bytes."""
        return Refused("max-bytes", f"The message is larger than {self.max_bytes} bytes", status=413)


_DEFAULT = Limits()


def parse(data: bytes, limits: Limits = _DEFAULT, *, charset: str | None = None) -> etree._Element:
    """Parse ``data``; comments and processing instructions are left out, CDATA becomes text.

    ``charset`` is the HTTP header's, which wins over the XML declaration (RFC 7303). Raises Refused with rule
    ``max-bytes``, ``charset``, ``doctype``, ``well-formed``, ``parser-limit``, ``max-depth``, ``max-elements``,
    ``max-attributes``, ``max-namespaces`` or ``max-name-length``.
    """
    if len(data) > limits.max_bytes:
        raise limits.too_large()
    data, encoding = readable(data, charset)
    if _DOCTYPE_AHEAD.match(data):
        raise Refused("doctype", _DTD)
    root = _parsed(data, encoding)
    _check_document(root, encoding)
    _check_size(root, data, limits)
    return root


def may_hold(data: bytes, ascii_name: bytes) -> bool:
    """Tell whether a document can hold a name, from its bytes alone: False is certain, True is worth a look."""
    return ascii_name in data


def refuse_instructions(data: bytes, encoding: str | None) -> None:
    """Refuse a document that parsed, but holds a processing instruction, which a SOAP message must not.

    ``data`` and ``encoding`` are as ``charsets.readable`` gives them. Raises Refused, ``processing-instruction``
    (SOAP 1.1, 3; SOAP 1.2 Part 1, 5).
    """
    declaration = _DECLARATION.match(data)
    start = declaration.end() if declaration else 0
    if data.find(b"?", start) < 0 or data.find(b"<?", start) < 0:  # one byte is found faster than two
        return
    found = etree.iterparse(
        io.BytesIO(data), events=("pi",), encoding=encoding, resolve_entities=False, no_network=True
    )
    for _, instruction in found:
        text = "A SOAP message holds no processing instructions"
        raise Refused("processing-instruction", text, line=instruction.sourceline)


def elements_in(element: etree._Element) -> int:
    """Count the elements inside ``element``, in C."""
    return int(_LOCAL.number("count(.//*)", element))


def _parsed(data: bytes, encoding: str | None) -> etree._Element:
    try:
        return etree.fromstring(data, _parser(encoding))
    except etree.XMLSyntaxError as error:
        rule = "parser-limit" if getattr(error, "code", 0) in _RESOURCE_ERRORS else "well-formed"
        raise Refused(rule, f"Not well-formed XML: {_first_line(error.msg)}", line=error.lineno or None) from error
    except (LookupError, ValueError) as error:
        raise Refused("charset", "The text is not in the character set it declares") from error


def _check_document(root: etree._Element, encoding: str | None) -> None:
    about = root.getroottree().docinfo
    if about.internalDTD is not None or about.doctype:
        raise Refused("doctype", _DTD)
    if encoding is None and about.encoding and not is_served(about.encoding):
        raise Refused("charset", "This character set is not supported")


def _check_size(root: etree._Element, data: bytes, limits: Limits) -> None:
    depth, longest = limits.max_depth, limits.max_name_length
    if _LOCAL.found(_deeper_than(depth), root):
        deep = _LOCAL.nodes("(/*" + "/*" * depth + ")[1]", root)
        raise _refused_at("max-depth", f"Elements are nested deeper than {depth}", deep[0])
    for rule, most, smallest, estimated, exactly in _COUNTED:
        allowed = getattr(limits, most)
        if len(data) > smallest * allowed and estimated(data) > allowed and exactly(root) > allowed:
            raise _refused_at(rule, f"The message holds more than {allowed} {rule.removeprefix('max-')}", root)
    if _may_hold_longer(data, longest) and (found := _LOCAL.nodes(_longer_than(longest), root)):
        raise _refused_at("max-name-length", f"A name is longer than {longest} characters", found[0])


def _declarations(root: etree._Element) -> int:
    """Count namespace declarations, in what is written of the tree: to walk those of one element takes squares."""
    return sum(tag.count(b" xmlns") for tag in _TAG.findall(etree.tostring(root)))


_COUNTED: tuple[tuple[str, str, int, Callable[[bytes], int], Callable[[etree._Element], float]], ...] = (
    ("max-elements", "max_elements", len("<a/>"), lambda data: data.count(b"<"), lambda root: _count("//*", root)),
    (
        "max-attributes",
        "max_attributes",
        len(' a=""'),
        lambda data: data.count(b"="),
        lambda root: _count("//@*", root),
    ),
    (
        "max-namespaces",
        "max_namespaces",
        len(' xmlns=""'),
        lambda data: data.count(b"xmlns"),
        _declarations,
    ),
)
"""Rule, limit, the fewest bytes that one of these takes, how many there are at most, how many there are."""


def _count(path: str, root: etree._Element) -> float:
    return _LOCAL.number(f"count({path})", root)


def _refused_at(rule: str, text: str, place: etree._Element) -> Refused:
    """Word a refusal with its place."""
    names = [etree.QName(node).localname for node in (place, *place.iterancestors())]
    return Refused(rule, text, path="/" + "/".join(reversed(names)), line=cast("int | None", place.sourceline))


def _may_hold_longer(data: bytes, longest: int) -> bool:
    """Tell whether a name may be longer, from samples: any such name would fill one of these pieces from end to end."""
    size = longest // 2 or 1
    return any(
        data.find(b"<", start, start + size) < 0
        and data.find(b" ", start, start + size) < 0
        and data.find(b"\n", start, start + size) < 0
        for start in range(0, len(data) - size + 1, size)
    )


@cache
def _longer_than(length: int) -> str:
    too_long = f"[string-length(name()) > {length}]"
    return f"(//*[self::*{too_long} or @*{too_long}])[1]"


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
