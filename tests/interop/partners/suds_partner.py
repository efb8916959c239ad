"""A partner on suds: ``python -m tests.interop.partners.suds_partner DIRECTORY`` does what the script there says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree
from suds import WebFault
from suds.client import Client
from suds.mx import Content
from suds.mx.literal import Literal
from suds.sax.parser import Parser
from suds.sudsobject import Object
from suds.umx.typed import Typed
from suds.wsse import Security, UsernameToken

from tests.interop.script import Call, Script

_RESERVED = {"class": "cls", "def": "dfn"}


class Partner:
    """One client a service, made from its URL."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._clients: dict[str, Any] = {}

    def generate(self) -> None:
        """Read every contract; tell what its types came out as."""
        for service, url in self._script.services().items():
            # whole messages as objects: attributes of a body element have no place among unwrapped parameters;
            # pretty: elements given as they are lose what is in them otherwise
            client = self._clients[service] = Client(url, cache=None, unwrap=False, prettyxml=True)
            if known := self._script.credentials():
                client.set_options(wsse=_token(*known))
            for member in sorted(set(_members(client.wsdl.schema))):
                self._script.tell("member", service, *member)
            self._script.tell("generated", service)

    def call(self, call: Call) -> None:
        """Read the message into suds' objects, call with them, write the answer's objects back."""
        client = self._clients[call.service]
        header = self._script.header(call.name)
        blocks = [] if header is None else [_read(client, header)]
        client.set_options(headers={"X-Correlation-Id": call.name}, soapheaders=blocks)
        try:
            answer = getattr(client.service, call.operation)(_read(client, self._script.message(call.name)))
        except WebFault as fault:
            self._told(client, call, fault)
            return
        if not call.answer:
            self._script.tell("accepted", call.name)
            return
        self._write(client, call, call.answer, answer)
        self._script.tell("answer", call.name)

    def _told(self, client: Any, call: Call, fault: WebFault) -> None:
        detail = fault.document.childAtPath("Envelope/Body/Fault/detail")
        if detail is None or not len(detail.children) or not call.fault:
            self._script.tell("error", call.name, str(fault))
            return
        found = detail.children[0]
        name = f"{{{found.namespace()[1]}}}{found.name}"
        typed = Typed(client.wsdl.schema).process(found, _element(client, name))
        self._write(client, call, name, typed)
        self._script.tell("fault", call.name, type(typed).__name__)

    def _write(self, client: Any, call: Call, name: str, typed: Any) -> None:
        element = _element(client, name)
        written = Literal(client.wsdl.schema).process(Content(element.name, _renamed(typed), type=element))
        self._script.typed(call.name).write_text(written.plain(), encoding="utf-8")


def _token(user: str, password: str) -> Security:
    security = Security()
    security.tokens.append(UsernameToken(user, password))
    return security


def _read(client: Any, message: bytes) -> Any:
    node = etree.fromstring(message)
    element = _element(client, node.tag)
    return _whole(element, Typed(client.wsdl.schema).process(_plain(node), element), node)


def _whole(kind: Any, value: Any, node: etree._Element) -> Any:
    """Put in as they are, which suds takes for any value, elements whose types it forgets: those after a wildcard."""
    after_wildcard = False
    for member, _ in kind.resolve():
        found = [] if member.any() or member.isattr() else node.findall(f"{{{member.namespace()[1]}}}{member.name}")
        after_wildcard = after_wildcard or member.any()
        if found and after_wildcard:
            given = [_plain(child) for child in found]
            setattr(value, member.name, given if member.multi_occurrence() else given[0])
        elif found and isinstance(value, Object):
            inner = getattr(value, _RESERVED.get(member.name, member.name))
            for child, each in zip(found, inner if isinstance(inner, list) else [inner], strict=True):
                _whole(member, each, child)
    return value


def _plain(node: etree._Element) -> Any:
    return Parser().parse(string=etree.tostring(node)).root()


def _renamed(value: Any) -> Any:
    """Call members again what the contract calls them: suds reads what Python reserves by other names."""
    for theirs, ours in _RESERVED.items():
        if isinstance(value, Object) and ours in value:
            setattr(value, theirs, getattr(value, ours))
            delattr(value, ours)
    return value


def _element(client: Any, name: str) -> Any:
    namespace, _, local = name[1:].partition("}")
    return client.wsdl.schema.elements[local, namespace]


def _members(schema: Any) -> Iterator[tuple[str, str, str, str]]:
    for (name, namespace), kind in schema.types.items():
        for member, _ in kind:
            called = "*" if member.any() else member.name
            many = "many" if member.multi_occurrence() else "one"
            yield f"{{{namespace}}}{name}", called, many, "optional" if member.optional() else "required"


def main() -> None:
    """Do it."""
    partner, script = Partner(Script(Path(sys.argv[1]))), Script(Path(sys.argv[1]))
    partner.generate()
    for call in script.calls():
        try:
            partner.call(call)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test is told
            script.tell("error", call.name, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
