"""A case: one rule of a specification, a request that puts it to the test, and what the rule asks of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from soapkit.versions import Version
from tests.contract.soapkit.orders import SESSION, order
from tests.soap_spec.http import Sent

S11, S12 = Version.SOAP_11, Version.SOAP_12
LATIN, UTF_16 = "iso-8859-1", "utf-16"
NEXT = {S11: "http://schemas.xmlsoap.org/soap/actor/next", S12: f"{S12.value}/role/next"}
ULTIMATE = f"{S12.value}/role/ultimateReceiver"
NONE = f"{S12.value}/role/none"
OTHER = "http://other.example/role"
PLACED = "{urn:example:orders}PlaceOrderResponse"

Blocks: TypeAlias = tuple[tuple[str, str], ...]
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come back. ``body`` is the body element of an answer, ``code`` that of a fault; neither: no envelope.

    ``status`` holds all that the rule allows. ``blocks`` are header blocks of the answer in order: their element, and
    the name that their ``qname`` means. ``effect`` says whether the operation has run. ``text`` is part of a reason.
    """

    status: tuple[int, ...]
    version: Version = S12
    body: str | None = None
    code: str | None = None
    subcode: str | None = None
    blocks: Blocks = ()
    headers: tuple[tuple[str, str], ...] = ()
    effect: bool | None = None
    detail: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """``rule`` names the specification and its section, ``about`` says in a sentence what it asks."""

    rule: str
    about: str
    sent: Sent
    expected: Expected
    order: str = field(default="")


def place(order_id: str | None = None) -> str:
    """Write a body that places an order; each has an id of its own."""
    return order().replace("order-1", order_id or f"order-{next(_numbers)}", 1)


def session(attributes: str = "") -> str:
    """Write a header block that the service understands."""
    return SESSION.format(attributes=f" {attributes}")


def strange(attributes: str = "", name: str = "Strange", content: str = "") -> str:
    """Write a header block that nobody understands."""
    return f'<x:{name} xmlns:x="urn:strange" {attributes}>{content}</x:{name}>'


def envelope(body: str, header: str | None = None, *, version: Version = S12, **attributes: str) -> str:
    """Write an envelope with ``env`` for its prefix; ``attributes`` go on Envelope, Header and Body, by their names."""
    on = {name: f" {written}" for name, written in attributes.items()}
    blocks = "" if header is None else f"<env:Header{on.get('Header', '')}>{header}</env:Header>"
    inside = f"{blocks}<env:Body{on.get('Body', '')}>{body}</env:Body>"
    return f'<env:Envelope xmlns:env="{version.value}"{on.get("Envelope", "")}>{inside}</env:Envelope>'


def sent(xml: str, version: Version = S12, *, charset: str = "utf-8", action: str = "", **more: Any) -> Sent:
    """Make a request of a message, with the media type of its version, and in SOAP 1.1 an empty SOAPAction."""
    said = f'; action="{action}"' if action and version is S12 else ""
    fields = [("Content-Type", f"{version.media_type}; charset={charset}{said}")]
    if version is S11:
        fields.append(("SOAPAction", f'"{action}"'))
    return Sent(xml.encode(charset), tuple(fields), **more)


def answered(rule: str, about: str, request: Sent, **more: Any) -> Case:
    """Expect the operation to have run and to be answered."""
    expected = {"status": (200,), "body": PLACED, "effect": True, "version": _version(request)} | more
    return _case(rule, about, request, expected)


def refused(rule: str, about: str, request: Sent, code: str, **more: Any) -> Case:
    """Expect a fault with ``code``, the status its version gives it, and an operation that has not run."""
    version = more.get("version", _version(request))
    statuses = {S11: (500,), S12: (400,) if code == "Sender" else (500,)}
    expected = {"status": statuses[version], "code": code, "effect": False, "version": version} | more
    return _case(rule, about, request, expected)


def told(rule: str, about: str, request: Sent, *status: int, **more: Any) -> Case:
    """Expect an HTTP status, and of the content only what ``more`` says."""
    return _case(rule, about, request, {"status": status, "version": _version(request)} | more)


def _version(request: Sent) -> Version:
    types = dict(request.fields).get("Content-Type", "")
    return S12 if S12.media_type in types else S11


def _case(rule: str, about: str, request: Sent, expected: dict[str, Any]) -> Case:
    return Case(rule, about, request, Expected(**expected), _order(request.body))


def _order(body: bytes) -> str:
    """Find the id of the order, whatever the charset."""
    text = body.replace(b"\0", b"").decode("latin-1")
    return text.partition("<Id>")[2].partition("</Id>")[0]
