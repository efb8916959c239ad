"""Talks to a simulated Siebel as a client does: any operation as XML, the control API over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias
from wsgiref.types import WSGIApplication

import pytest
import urllib3
from lxml import etree

from siebel_sim.integration_objects import content
from soapkit.catalog import Contract, load
from soapkit.client import Client
from soapkit.faults import RemoteFault
from soapkit.schema_model import global_element
from soapkit.transport import call_wsgi

TOKEN = "a token for tests"  # noqa: S105 - the control API of a test
SAMPLES = Path(__file__).parents[1] / "samples" / "siebel"
SHARED = "/eai_enu/start.swe?SWEExtSource=WebService&SWEExtCmd=Execute&WSSOAP=1"
FAULT = "{http://www.siebel.com/ws/fault}"

Tree: TypeAlias = "Mapping[str, Any]"
"""Fields by tag; under a component's tag the list of its instances; attributes are @name, a field's under @@field."""


class Simulator:
    """A simulator at ``address``; in this process when ``wsgi`` is given."""

    def __init__(self, address: str, wsgi: WSGIApplication | None = None, folder: Path = SAMPLES) -> None:
        self.address = address
        self._wsgi = wsgi
        self._pool = urllib3.PoolManager(retries=False, timeout=30)
        self.contracts = {path.stem: load(path) for path in sorted(folder.glob("*.wsdl"))}

    def ask(
        self,
        operation: str,
        *message: Tree | None,
        path: str | None = None,
        attributes: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> etree._Element:
        """Call an operation with instances of its integration object, in a list with ``attributes``; the answer.

        RemoteFault when it refuses.
        """
        contract = next(
            each for each in self.contracts.values() if operation in {known.name for known in each.operations}
        )
        body = body_of(contract, operation, message, arguments)
        for listed in body if attributes else ():
            if etree.QName(listed).localname.startswith("ListOf"):
                listed.attrib.update(list((attributes or {}).items()))
        address = self.address + (path or f"/services/{contract.name}")
        answer = Client(contract, address, wsgi=self._wsgi, validate=False).call(operation, body)
        assert answer is not None
        if "StatusObject" not in arguments:  # that one lacks fields which its schema requires, in Siebel too
            assert contract.check(answer) == ()  # as published, not as leniently as messages are taken
        return answer

    def call(self, operation: str, *message: Tree | None, path: str | None = None, **arguments: Any) -> list[Any]:
        """Call an operation; the records in its answer."""
        return records(self.ask(operation, *message, path=path, **arguments))

    def refused(self, operation: str, *message: Tree | None, **arguments: Any) -> list[str]:
        """Call an operation that must be refused; the codes of the stack, outermost first."""
        return [code for code, _ in self.stack(operation, *message, **arguments)]

    def stack(self, operation: str, *message: Tree | None, **arguments: Any) -> list[tuple[str, str]]:
        """Call an operation that must be refused; codes and texts of the stack, outermost first."""
        with pytest.raises(RemoteFault) as refused:
            self.ask(operation, *message, path=None, **arguments)
        stack = stack_of(refused.value.detail)
        assert refused.value.text.startswith(stack[0][1])
        assert stack[0][1].endswith(f"({stack[0][0]})")
        return stack

    def control(self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN) -> tuple[int, Any]:
        """Ask the control API; status and JSON value."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        written = b"" if body is None else json.dumps(body).encode()
        status, content = self.http(method, f"/control{path}", written, headers)
        return status, json.loads(content)

    def did(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control API for something that must succeed; the JSON value."""
        status, value = self.control(method, path, body)
        assert status < 300, value
        return value

    def http(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send any HTTP request; status and content."""
        if self._wsgi is not None:
            status, _, content = call_wsgi(self._wsgi, method, self.address + path, body, headers or {})
            return status, content
        answer = self._pool.request(method, self.address + path, body=body, headers=headers or {})
        return answer.status, answer.data

    def post(self, body: str, header: str = "", path: str = SHARED) -> tuple[int, etree._Element]:
        """Post any text as a SOAP body; status and the whole envelope that comes back."""
        envelope = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">
            <s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"""
        status, content = self.http("POST", path, envelope.encode(), {"Content-Type": "text/xml"})
        return status, etree.fromstring(content)


def body_of(
    contract: Contract, operation: str, message: tuple[Tree | None, ...], arguments: Mapping[str, str]
) -> etree._Element:
    """Write a request as Siebel's clients do: arguments and the list in the contract's order; None is an empty list."""
    body = etree.Element(contract.operation(operation).input)
    declared = _declared(contract, body.tag)
    for name, element in declared.items():
        if name in arguments:
            etree.SubElement(body, element).text = arguments[name]
        elif name.startswith("ListOf") and message:
            _write(etree.SubElement(body, element), message, root_of(contract, body.tag, element))
    return body


def _declared(contract: Contract, message: str) -> dict[str, str]:
    return {each.local_name: each.name for each in content(global_element(contract, message))}


def root_of(contract: Contract, message: str, element: str) -> str:
    """Say how the root component of the list ``element`` in a message is called."""
    found = next(each for each in content(global_element(contract, message)) if each.name == element)
    return str(content(found)[0].local_name)


def _write(container: etree._Element, instances: Any, tag: str) -> None:
    namespace = etree.QName(container).namespace
    for instance in instances:
        if instance is None:
            continue
        element = etree.SubElement(container, f"{{{namespace}}}{tag}")
        for name, value in instance.items():
            if name.startswith("@@"):
                for field in element.iterfind(f"{{{namespace}}}{name[2:]}"):
                    field.attrib.update(value)
            elif name.startswith("@"):
                element.set(name[1:], value)
            elif isinstance(value, list):
                _write(etree.SubElement(element, f"{{{namespace}}}ListOf{name}"), value, name)
            else:
                etree.SubElement(element, f"{{{namespace}}}{name}").text = value


def records(answer: etree._Element) -> list[Any]:
    """Read the records in an answer: fields by tag, children as lists under the tag of their component."""
    for each in answer:
        if etree.QName(each).localname.startswith("ListOf"):
            return [_record(record) for record in each]
    return []


def argument(answer: etree._Element, name: str) -> str | None:
    """Read another argument of an answer."""
    return answer.findtext(f"{{*}}{name}")


def _record(element: etree._Element) -> dict[str, Any]:
    found: dict[str, Any] = {f"@{name!s}": value for name, value in element.attrib.items()}
    for each in element:
        name = etree.QName(each).localname
        if name.startswith("ListOf"):
            found[name[len("ListOf") :]] = [_record(record) for record in each]
        else:
            found[name] = each.text or ""
    return found


def stack_of(detail: etree._Element | None) -> list[tuple[str, str]]:
    """Read the error stack of a fault: codes and texts, outermost first."""
    assert detail is not None
    assert detail.tag == f"{FAULT}siebdetail"
    errors = detail.iterfind(f"{FAULT}errorstack/{FAULT}error")
    return [(each.findtext(f"{FAULT}errorcode", ""), each.findtext(f"{FAULT}errormsg", "")) for each in errors]
