"""WS-I Basic Profile 1.1 over messages as they were on the wire: a rule for each requirement, by its R-number.

SOAP 1.1 only: the profile knows no other. ``S6`` is chapter 6 of the SOAP 1.1 note, which says the media type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TypeAlias

from lxml import etree

from soapkit.catalog import Operation

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_FAULT_CHILDREN = ["faultcode", "faultstring", "faultactor", "detail"]
_CODES = {"VersionMismatch", "MustUnderstand", "Client", "Server"}
_MUST_UNDERSTAND = f"{{{ENVELOPE}}}mustUnderstand"
_BODY, _HEADER, _FAULT = (f"{{{ENVELOPE}}}{name}" for name in ("Body", "Header", "Fault"))


@dataclass(frozen=True)
class Message:
    """One message: its bytes, what HTTP said beside them, and the operation of the contract it belongs to.

    ``headers`` are by lower-case name; ``status`` is None for a request.
    """

    content: bytes
    headers: Mapping[str, str]
    operation: Operation
    status: int | None = None

    @property
    def root(self) -> etree._Element:
        # a test reads what our own processes said
        return etree.fromstring(self.content, etree.XMLParser(resolve_entities=False, no_network=True))


Rule: TypeAlias = Callable[[Message, etree._Element], bool]
"""Whether a message, and its root, keep to a requirement."""


def broken(message: Message) -> list[str]:
    """Return the requirements that a message breaks; one without an envelope is held against HTTP's rules only."""
    if not message.content:
        return [] if _silence_is_right(message) else ["R1112"]
    root = message.root
    return [number for number, rule in RULES.items() if not rule(message, root)]


def _silence_is_right(message: Message) -> bool:
    return message.status in {200, 202} and message.operation.output is None


def _inside(root: etree._Element) -> list[etree._Element]:
    body = root.find(_BODY)
    return [] if body is None else [*body.iterchildren("*")]


def _fault(root: etree._Element) -> etree._Element | None:
    return next((child for child in _inside(root) if child.tag == _FAULT), None)


def _of_soap(root: etree._Element) -> Iterator[etree._Element]:
    return root.iter(f"{{{ENVELOPE}}}*")


def _structure(_: Message, root: etree._Element) -> bool:
    children = [child.tag for child in root.iterchildren("*")]
    has_body = children[:1] == [_BODY] or children[:2] == [_HEADER, _BODY]
    return root.tag == f"{{{ENVELOPE}}}Envelope" and has_body


def _encoding(_: Message, root: etree._Element) -> bool:
    return (root.getroottree().docinfo.encoding or "UTF-8").upper().startswith(("UTF-8", "UTF-16"))


def _charset(message: Message, root: etree._Element) -> bool:
    said = _content_type(message).get_content_charset() or ""
    return said.upper() == (root.getroottree().docinfo.encoding or "UTF-8").upper()


def _content_type(message: Message) -> EmailMessage:
    parsed = EmailMessage()
    parsed["Content-Type"] = message.headers.get("content-type", "application/octet-stream")
    return parsed


def _fault_code(_: Message, root: etree._Element) -> bool:
    fault = _fault(root)
    if fault is None:
        return True
    prefix, _colon, name = (fault.findtext("faultcode") or "").rpartition(":")
    namespace = fault.find("faultcode").nsmap.get(prefix or None)  # type: ignore[union-attr] # its text was found
    return namespace is not None and (namespace != ENVELOPE or name in _CODES)


def _no_dots(_: Message, root: etree._Element) -> bool:
    fault = _fault(root)
    return fault is None or "." not in (fault.findtext("faultcode") or "")


def _fault_children(_: Message, root: etree._Element) -> bool:
    fault = _fault(root)
    names = [] if fault is None else [etree.QName(child).localname for child in fault.iterchildren("*")]
    return names == [name for name in _FAULT_CHILDREN if name in names]


def _fault_unqualified(_: Message, root: etree._Element) -> bool:
    fault = _fault(root)
    return fault is None or all(etree.QName(child).namespace is None for child in fault.iterchildren("*"))


def _declared_element(message: Message, root: etree._Element) -> bool:
    wanted = message.operation.input if message.status is None else message.operation.output
    return _fault(root) is not None or [child.tag for child in _inside(root)] == [wanted]


def _faults_are_500(message: Message, root: etree._Element) -> bool:
    return message.status is None or (message.status == 500) == (_fault(root) is not None)


def _answers_are_200(message: Message, root: etree._Element) -> bool:
    return message.status is None or _fault(root) is not None or message.status == 200


def _action(message: Message, _: etree._Element) -> bool:
    return message.status is not None or message.headers.get("soapaction") == f'"{message.operation.soap_action}"'


def _quoted(message: Message, _: etree._Element) -> bool:
    return message.status is not None or re.fullmatch(r'".*"', message.headers.get("soapaction", "")) is not None


RULES: Mapping[str, Rule] = {
    "S6": lambda message, _: _content_type(message).get_content_type() == "text/xml",
    "R9980": _structure,
    "R9981": lambda _, root: len(_inside(root)) <= 1,
    "R1000": _fault_children,
    "R1001": _fault_unqualified,
    "R1004": _fault_code,
    "R1005": lambda _, root: all(node.get(f"{{{ENVELOPE}}}encodingStyle") is None for node in _of_soap(root)),
    "R1006": lambda _, root: all(node.get(f"{{{ENVELOPE}}}encodingStyle") is None for node in _inside(root)),
    "R1008": lambda message, _: b"<!DOCTYPE" not in message.content,
    "R1009": lambda _, root: not root.xpath("//processing-instruction()"),
    "R1011": lambda _, root: not root.xpath("/*/s:Body/following-sibling::*", namespaces={"s": ENVELOPE}),
    "R1012": _encoding,
    "R1013": lambda _, root: all(node.get(_MUST_UNDERSTAND, "0") in {"0", "1"} for node in root.iter("*")),
    "R1014": lambda _, root: all(etree.QName(child).namespace for child in _inside(root)),
    "R1018": _charset,
    "R1031": _no_dots,
    "R1032": lambda _, root: not root.xpath("/s:*/@s:* | /s:*/s:*/@s:*", namespaces={"s": ENVELOPE}),
    "R1033": lambda message, _: b"xmlns:xml=" not in message.content,
    "R1109": _quoted,
    "R1111": _answers_are_200,
    "R1126": _faults_are_500,
    "R2113": lambda _, root: not root.xpath("//@e:arrayType", namespaces={"e": ENCODING}),
    "R2712": _declared_element,
    "R2744": _action,
}
