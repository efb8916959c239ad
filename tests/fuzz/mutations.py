"""What is done to a valid message. Each mutation takes a message apart far enough to change it, and changes it.

A mutation is named in a table, so that hypothesis draws a list of names and numbers and shrinks it to the fewest.
"""

from __future__ import annotations

import copy
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

from lxml import etree

from tests.fuzz import extremes

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_ENC = "http://schemas.xmlsoap.org/soap/encoding/"
_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope", "urn:soap:9")
_ATTRIBUTES = (
    "x",
    "id",
    "href",
    "elem",
    f"{{{_XSI}}}type",
    f"{{{_XSI}}}nil",
    f"{{{_XSI}}}schemaLocation",
    f"{{{_ENC}}}arrayType",
    *(f"{{{soap}}}{name}" for soap in _SOAP[:2] for name in ("mustUnderstand", "actor", "role", "encodingStyle")),
)
_TYPES = (
    "text/xml",
    "application/soap+xml",
    'application/soap+xml; charset=utf-8; action="urn:x"',
    "text/xml; charset=utf-16",
    "text/xml; charset=iso-8859-1",
    'text/xml; charset="utf-8',
    "text/xml; charset=none",
    "application/json",
    "TEXT/XML ; CHARSET = UTF-8",
    "text/xml;;;charset=utf-8;charset=utf-16",
    "",
)
_HEADERS = (
    ("SOAPAction", "urn:nothing"),
    ("SOAPAction", '"'),
    ("SOAPAction", "\xe9\xff"),
    ("Content-Encoding", "gzip"),
    ("Content-Encoding", "identity"),
    ("X-Correlation-Id", "a" * 5_000),
    ("X-Correlation-Id", "<x>&'\""),
    ("X-Correlation-Id", "call-17"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "javascript"),
    ("Authorization", "Basic !!!"),
    ("Authorization", "Basic " + "QQ" * 2_000),
    ("Authorization", "Bearer x"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip;q=nan"),
    ("traceparent", "00-" + "f" * 32 + "-" + "0" * 16 + "-01"),
    ("traceparent", "\xff"),
    ("Cookie", "a=b; " * 200),
    ("Range", "bytes=0-1"),
    ("If-None-Match", "*"),
)


@dataclass(frozen=True, slots=True)
class Message:
    """An HTTP request to a service: ``headers`` besides Host and Content-Length."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Tree = Callable[[etree._Element, Random], None]
Mutation = Callable[[Message, Random], Message]


def _in_tree(change: Tree) -> Mutation:
    """Make a mutation of a change to the parsed envelope; a body that does not parse any more stays as it is."""

    def mutated(message: Message, random: Random) -> Message:
        try:
            root = etree.fromstring(message.body, etree.XMLParser(resolve_entities=False))
        except (etree.XMLSyntaxError, ValueError):
            return message
        change(root, random)
        return replace(message, body=etree.tostring(root, encoding="UTF-8"))

    return mutated


def _inside(root: etree._Element) -> list[etree._Element]:
    """Elements of the payload: all but the envelope, its header and its body."""
    found = [node for node in root.iter() if isinstance(node.tag, str) and "/soap" not in node.tag]
    return found or [root]


def _leaf(root: etree._Element, random: Random) -> etree._Element:
    leaves = [node for node in _inside(root) if not len(node)]
    return random.choice(leaves or [root])


def _value(root: etree._Element, random: Random) -> None:
    leaf = _leaf(root, random)
    leaf.text = extremes.like(leaf.text or "", random)


def _any_value(root: etree._Element, random: Random) -> None:
    _leaf(root, random).text = extremes.any_value(random)


def _value_of_another(root: etree._Element, random: Random) -> None:
    _leaf(root, random).text = _leaf(root, random).text


def _drop(root: etree._Element, random: Random) -> None:
    node = random.choice(_inside(root))
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


def _twice(root: etree._Element, random: Random) -> None:
    node = random.choice(_inside(root))
    for _ in range(random.choice((1, 1, 2, 50)) if node is not root else 0):
        node.addnext(copy.deepcopy(node))


def _swap(root: etree._Element, random: Random) -> None:
    parents = [node for node in _inside(root) if len(node) > 1]
    if parents:
        parent = random.choice(parents)
        parent.append(parent[0])


def _move(root: etree._Element, random: Random) -> None:
    nodes = _inside(root)
    random.choice(nodes).append(copy.deepcopy(random.choice(nodes)))


def _rename(root: etree._Element, random: Random) -> None:
    node = random.choice(_inside(root))
    name = random.choice(
        ("x", "Body", "Fault", "a" * 1_500, "\xe9l\xe9ment", etree.QName(random.choice(_inside(root))).localname)
    )
    node.tag = f"{{{etree.QName(node).namespace or 'urn:x'}}}{name}"


def _namespace(root: etree._Element, random: Random) -> None:
    node = random.choice(_inside(root))
    namespace = random.choice(("urn:x", "urn:" + "n" * 3_000, _SOAP[0], _SOAP[1], _XSI))
    node.tag = f"{{{namespace}}}{etree.QName(node).localname}"


def _attribute(root: etree._Element, random: Random) -> None:
    node = random.choice(list(root.iter("*")))
    value = random.choice(("", "1", "true", "x:y", "#1", "urn:x http://127.0.0.1:1/x.xsd", *_SOAP, "9" * 40))
    node.set(random.choice(_ATTRIBUTES), value)


def _attribute_value(root: etree._Element, random: Random) -> None:
    having = [node for node in _inside(root) if node.attrib]
    if having:
        node = random.choice(having)
        node.set(random.choice(sorted(map(str, node.attrib))), extremes.any_value(random))


def _header_block(root: etree._Element, random: Random) -> None:
    soap = etree.QName(root).namespace
    if soap is None:
        return
    header = root.find(f"{{{soap}}}Header")
    if header is None:
        header = etree.Element(f"{{{soap}}}Header")
        root.insert(0, header)
    header.append(etree.fromstring(random.choice(_BLOCKS)))


_WSA, _WSSE = (
    "http://www.w3.org/2005/08/addressing",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
)
_BLOCKS = (
    "<x:Lock xmlns:x='urn:x' xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' s:mustUnderstand='1'/>",
    "<x:Lock xmlns:x='urn:x'><x:y/></x:Lock>",
    f"<a:MessageID xmlns:a='{_WSA}'>urn:uuid:1</a:MessageID>",
    f"<a:MessageID xmlns:a='{_WSA}'> </a:MessageID>",
    f"<a:Action xmlns:a='{_WSA}'>urn:nothing</a:Action>",
    f"<a:ReplyTo xmlns:a='{_WSA}'><a:Address>http://127.0.0.1:1/</a:Address></a:ReplyTo>",
    f"<a:ReplyTo xmlns:a='{_WSA}'><a:Address>{_WSA}/anonymous</a:Address></a:ReplyTo>",
    f"<a:FaultTo xmlns:a='{_WSA}'><a:Address>{_WSA}/none</a:Address></a:FaultTo>",
    f"<a:To xmlns:a='{_WSA}'><a:Address/></a:To>",
    f"<w:Security xmlns:w='{_WSSE}'/>",
    f"<w:Security xmlns:w='{_WSSE}'><w:UsernameToken><w:Username>x</w:Username></w:UsernameToken></w:Security>",
    f"<w:Security xmlns:w='{_WSSE}'><w:UsernameToken/><w:BinarySecurityToken>!</w:BinarySecurityToken></w:Security>",
    "<d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsig#'/>",
    "<u:UsernameToken xmlns:u='http://siebel.com/webservices'>x</u:UsernameToken>",
)


def _version(root: etree._Element, random: Random) -> None:
    old, new = etree.QName(root).namespace, random.choice(_SOAP)
    for node in (root, *root):
        if etree.QName(node).namespace == old:
            node.tag = f"{{{new}}}{etree.QName(node).localname}"


def _shape(root: etree._Element, random: Random) -> None:
    if not len(root):
        return
    change = random.choice(("body twice", "no body", "two in body", "text"))
    if change == "body twice":
        root.append(copy.deepcopy(root[-1]))
    elif change == "no body":
        root.remove(root[-1])
    elif change == "two in body":
        root[-1].append(etree.Element("{urn:x}y"))
    else:
        root[-1].text = "text"


def _decorate(root: etree._Element, random: Random) -> None:
    """Change what means nothing: comments, white space around the payload."""
    random.choice(_inside(root)).addprevious(etree.Comment(" a comment "))
    root.tail = None


def _flip(message: Message, random: Random) -> Message:
    if not message.body:
        return message
    body = bytearray(message.body)
    for _ in range(random.choice((1, 1, 4, 32))):
        body[random.randrange(len(body))] = random.randrange(256)
    return replace(message, body=bytes(body))


def _cut(message: Message, random: Random) -> Message:
    return replace(message, body=message.body[: random.randrange(len(message.body) + 1)])


def _insert(message: Message, random: Random) -> Message:
    at = random.randrange(len(message.body) + 1)
    piece = random.choice(
        (b"\0", b"&", b"<", b"]]>", b"<!--", b"<?x?>", b"&#0;", b"&x;", b"<![CDATA[", b"\xff\xfe", b"<a>" * 300)
    )
    return replace(message, body=message.body[:at] + piece + message.body[at:])


def _prolog(message: Message, random: Random) -> Message:
    prolog = random.choice((b"<!DOCTYPE a>", b"<?a b?>", b"<!-- -->", b"\xef\xbb\xbf", b"\n", b'<?xml version="1.1"?>'))
    return replace(message, body=prolog + message.body)


def _encode(message: Message, random: Random) -> Message:
    """Say the same in another character set, and tell the truth about it."""
    try:
        root = etree.fromstring(message.body)
    except (etree.XMLSyntaxError, ValueError):
        return message
    charset = random.choice(("utf-16", "iso-8859-1", "windows-1252", "us-ascii", "utf-8"))
    media = message.headers["Content-Type"].partition(";")[0]
    headers = {**message.headers, "Content-Type": f"{media}; charset={charset}"}
    body: bytes = etree.tostring(root, encoding=charset)  # type: ignore[assignment] # text is for the name unicode only
    return replace(message, headers=headers, body=body)


def _pack(message: Message, random: Random) -> Message:
    headers = {**message.headers, "Content-Encoding": "gzip"}
    packed = gzip.compress(message.body, mtime=0)
    return replace(message, headers=headers, body=packed[: random.choice((len(packed), 20))])


def _http_header(message: Message, random: Random) -> Message:
    name, value = random.choice(_HEADERS)
    return replace(message, headers={**message.headers, name: value})


def _media(message: Message, random: Random) -> Message:
    return replace(message, headers={**message.headers, "Content-Type": random.choice(_TYPES)})


MUTATIONS: Mapping[str, Mutation] = {
    "value": _in_tree(_value),
    "any value": _in_tree(_any_value),
    "value of another": _in_tree(_value_of_another),
    "drop": _in_tree(_drop),
    "twice": _in_tree(_twice),
    "swap": _in_tree(_swap),
    "move": _in_tree(_move),
    "rename": _in_tree(_rename),
    "namespace": _in_tree(_namespace),
    "attribute": _in_tree(_attribute),
    "attribute value": _in_tree(_attribute_value),
    "header block": _in_tree(_header_block),
    "version": _in_tree(_version),
    "shape": _in_tree(_shape),
    "flip": _flip,
    "cut": _cut,
    "insert": _insert,
    "prolog": _prolog,
    "pack": _pack,
    "http header": _http_header,
    "media type": _media,
}
"""Mutations that may make a message invalid."""
HARMLESS: Mapping[str, Mutation] = {"decorate": _in_tree(_decorate), "encode": _encode, "value": _in_tree(_value)}
"""Mutations that leave a message valid, mostly: what gets past the schema is what handlers must be ready for."""
