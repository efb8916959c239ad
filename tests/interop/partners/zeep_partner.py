"""A partner on zeep: ``python -m tests.interop.partners.zeep_partner DIRECTORY`` does what the script there says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree
from zeep import Client
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken
from zeep.xsd import ComplexType
from zeep.xsd.elements import Any as Wildcard

from tests.interop.script import Call, Script

TEXT = "_value_1"
"""What zeep calls the text of a type that has attributes."""


class Partner:
    """One client a service, made from its URL."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._clients: dict[str, Any] = {}
        self._in_soap_12: dict[str, Any] = {}

    def generate(self) -> None:
        """Read every contract; tell what its types came out as."""
        known = self._script.credentials()
        token = UsernameToken(*known, use_digest=True) if known else None  # type: ignore[no-untyped-call] # zeep is untyped
        for service, url in self._script.services().items():
            client = self._clients[service] = Client(url, wsse=token)  # type: ignore[no-untyped-call] # same
            for member in sorted(set(_members(client))):
                self._script.tell("member", service, *member)
            if self._script.in_soap_12(service).exists():
                copy = str(self._script.in_soap_12(service))
                self._in_soap_12[service] = Client(copy)  # type: ignore[no-untyped-call] # zeep is untyped
            self._script.tell("generated", service)

    def call(self, call: Call) -> None:
        """Read the message into zeep's objects, call with them, write the answer's objects back."""
        client = self._clients[call.service] if call.version == "1.1" else self._in_soap_12[call.service]
        message = etree.fromstring(self._script.message(call.name))
        element = client.get_element(message.tag)
        typed = _made(element, message, client.wsdl.types)
        client.transport.session.headers["X-Correlation-Id"] = call.name
        try:
            answer = client.service[call.operation](**_arguments(typed), _soapheaders=self._headers(client, call))
        except Fault as fault:
            self._told(client, call, fault)
            return
        if not call.answer:
            self._script.tell("accepted", call.name)
            return
        self._write(client, call, call.answer, answer)
        self._script.tell("answer", call.name)

    def _headers(self, client: Any, call: Call) -> list[Any]:
        header = self._script.header(call.name)
        if header is None:
            return []
        block = etree.fromstring(header)
        element = client.get_element(block.tag)
        return [element(**_arguments(element.parse(block, client.wsdl.types)))]

    def _told(self, client: Any, call: Call, fault: Fault) -> None:
        detail = next(iter(fault.detail)) if fault.detail is not None and len(fault.detail) else None
        if detail is None or not call.fault:
            self._script.tell("error", call.name, fault.message)
            return
        typed = client.wsdl.types.deserialize(detail)
        self._write(client, call, detail.tag, typed)
        self._script.tell("fault", call.name, type(typed).__name__)

    def _write(self, client: Any, call: Call, name: str, typed: Any) -> None:
        element = client.get_element(name)
        parent = etree.Element("written")
        element.render(parent, _said(element.type, _wrapped(element.type, typed)))
        self._script.typed(call.name).write_bytes(etree.tostring(parent[0]))


def _wrapped(kind: Any, value: Any) -> Any:
    """Undo what zeep does to answers: of a type with one element it gives that one's value."""
    if len(kind.elements) != 1 or type(value).__name__ == kind.name:
        return value
    [(name, element)] = kind.elements
    inner = value if isinstance(element, Wildcard) else _wrapped(element.type, value)
    return kind(**{name: inner})


def _said(kind: Any, value: Any) -> Any:
    """Put in what has to be there and is empty: zeep reads it as None, and does not write that."""
    for name, element in kind.elements:
        if not isinstance(element, Wildcard) and not element.is_optional and value[name] is None:
            value[name] = ""
    return value


def _whole(kind: Any, value: Any, node: etree._Element, schema: Any) -> Any:
    """Put in what zeep's reader leaves out, and a partner who writes the objects by hand does not.

    It reads an element that holds nothing as None, and a wildcard takes the next element, whatever its namespace.
    """
    for name, element in kind.elements:
        if isinstance(element, Wildcard):
            if isinstance(value[name], etree._Element) and value[name].tag in _tags(kind):
                value[name] = None
            continue
        found = node.findall(element.qname.text)
        if not found or not isinstance(element.type, ComplexType):
            continue
        made = [_made(element, child, schema) for child in found]
        value[name] = made if element.accepts_multiple else made[0]
    return value


def _made(element: Any, node: etree._Element, schema: Any) -> Any:
    value = element.parse(node, schema)
    return _whole(element.type, element.type() if value is None else value, node, schema)


def _tags(kind: Any) -> set[str]:
    return {element.qname.text for _, element in kind.elements if not isinstance(element, Wildcard)}


def _arguments(typed: Any) -> dict[str, Any]:
    return {name: typed[name] for name in typed if typed[name] is not None}


def _members(client: Any) -> Iterator[tuple[str, str, str, str]]:
    for kind in client.wsdl.types.types:
        for _, element in getattr(kind, "elements", ()):
            if not isinstance(element, Wildcard) and element.attr_name == TEXT:
                continue
            called = "*" if isinstance(element, Wildcard) else element.attr_name
            many = "many" if element.accepts_multiple else "one"
            yield kind.qname.text, called, many, "optional" if element.is_optional else "required"
        for _, attribute in getattr(kind, "attributes", ()):
            yield kind.qname.text, attribute.name, "one", "required" if attribute.required else "optional"


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
