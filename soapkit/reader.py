"""Reads the operations of a WSDL's SOAP 1.1 port, document/literal or rpc/literal. Fragments read are quoted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

from lxml import etree

from soapkit.documents import SOAP, WSDL, ContractError, Documents
from soapkit.operation import Operation, Part, Style


@dataclass(frozen=True, slots=True)
class _Bound:
    """One operation, abstract in its port type and concrete in its binding."""

    name: str
    style: Style
    abstract: etree._Element
    binding: etree._Element

    def direction(self, direction: str) -> tuple[etree._Element | None, etree._Element | None]:
        """Return ``<wsdl:input message="…">`` and the ``<soap:body>`` that binds it, or those of the output."""
        body = self.binding.find(f"{{{WSDL}}}{direction}/{{{SOAP}}}body")
        return self.abstract.find(f"{{{WSDL}}}{direction}"), body


class Reader:
    """Reads definitions out of WSDL documents by their QNames. Raises ContractError for what breaks WS-I's rules."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def port(self, service: etree._Element) -> tuple[str, tuple[Operation, ...]]:
        """Follow ``<wsdl:port binding="tns:B"><soap:address/></wsdl:port>`` to its binding and port type."""
        for port in service.iterfind(f"{{{WSDL}}}port"):
            if port.find(f"{{{SOAP}}}address") is not None:
                binding = self._documents.definition("binding", port, port.get("binding"))
                port_type = self._documents.definition("portType", binding, binding.get("type"))
                bound = tuple(self._bound(binding, port_type))
                if len({operation.style for operation in bound}) > 1:
                    self._refuse(f"binding {binding.get('name')} mixes styles (WS-I R2705)")
                return port_type.get("name", ""), tuple(map(self._operation, bound))
        raise ContractError(f"{self._documents.main}: no port with a SOAP 1.1 address")

    def _bound(self, binding: etree._Element, port_type: etree._Element) -> Iterator[_Bound]:
        """Read ``<soap:binding style="rpc"/>`` and ``<soap:operation style="rpc"/>``, which wins."""
        abstract = {node.get("name"): node for node in port_type.iterfind(f"{{{WSDL}}}operation")}
        whole = _style(binding.find(f"{{{SOAP}}}binding"), Style.DOCUMENT)
        for node in binding.iterfind(f"{{{WSDL}}}operation"):
            name = node.get("name", "")
            if name not in abstract:
                self._refuse(f"operation {name} is bound but not in the port type")
            yield _Bound(name, Style(_style(node.find(f"{{{SOAP}}}operation"), whole)), abstract[name], node)

    def _operation(self, bound: _Bound) -> Operation:
        """Read ``<wsdl:operation name="Op"><soap:operation soapAction="…"/><wsdl:input>…``."""
        soap = bound.binding.find(f"{{{SOAP}}}operation")
        asked, parts = self._body(bound, "input")
        answered, answer_parts = self._body(bound, "output")
        if asked is None:
            self._refuse(f"operation {bound.name} has no input")
        return Operation(
            name=bound.name,
            soap_action="" if soap is None else soap.get("soapAction", ""),
            input=asked,
            output=answered,
            headers=tuple(self._headers(bound.binding)),
            faults=MappingProxyType(dict(self._faults(bound.abstract))),
            style=bound.style,
            parts=parts,
            answer_parts=answer_parts,
        )

    def _body(self, bound: _Bound, direction: str) -> tuple[str | None, tuple[Part, ...]]:
        node, body = bound.direction(direction)
        if node is None:
            return None, ()
        if body is not None and body.get("use", "literal") != "literal":
            self._refuse(f"operation {bound.name} is encoded, not literal (WS-I R2706)")
        if bound.style is Style.DOCUMENT:
            return self._element(node, node.get("message")), ()
        if body is None or not body.get("namespace"):
            self._refuse(f"operation {bound.name} is rpc, and its {direction} has no namespace (WS-I R2717)")
        name = bound.name if direction == "input" else f"{bound.name}Response"
        return f"{{{body.get('namespace')}}}{name}", tuple(self._parts(node, body))

    def _parts(self, node: etree._Element, body: etree._Element) -> Iterator[Part]:
        """Read ``<wsdl:message name="M"><wsdl:part name="Object_spcId" type="xsd:string"/></wsdl:message>``."""
        listed = None if body.get("parts") is None else body.get("parts", "").split()
        message = self._documents.definition("message", node, node.get("message"))
        for part in message.iterfind(f"{{{WSDL}}}part"):
            name = part.get("name", "")
            if listed is not None and name not in listed:
                continue
            if not part.get("type") or part.get("element"):
                self._refuse(f"part {name} of message {message.get('name')} is not given by a type (WS-I R2203)")
            yield Part(name, self._documents.qname(part, part.get("type")))

    def _headers(self, bound: etree._Element) -> Iterator[str]:
        """Read ``<wsdl:input><soap:header message="tns:M" part="p" use="literal"/></wsdl:input>``."""
        for header in bound.iterfind(f"{{{WSDL}}}input/{{{SOAP}}}header"):
            yield self._element(header, header.get("message"), header.get("part"))

    def _faults(self, abstract: etree._Element) -> Iterator[tuple[str, str]]:
        for fault in abstract.iterfind(f"{{{WSDL}}}fault"):
            yield fault.get("name", ""), self._element(fault, fault.get("message"))

    def _element(self, node: etree._Element, message: str | None, part: str | None = None) -> str:
        """Read ``<wsdl:message name="M"><wsdl:part name="body" element="ns:E"/></wsdl:message>``.

        Without a ``part`` name the message's only part, or the one called ``body`` or ``parameters``, is meant.
        """
        parts = self._documents.definition("message", node, message).findall(f"{{{WSDL}}}part")
        wanted = {part} if part else {"body", "parameters"}
        chosen = parts[0] if len(parts) == 1 else next((p for p in parts if p.get("name") in wanted), None)
        if chosen is None or not chosen.get("element"):
            self._refuse(f"message {message} is not document/literal")
        return self._documents.qname(chosen, chosen.get("element"))

    def _refuse(self, text: str) -> NoReturn:
        raise ContractError(f"{self._documents.main}: {text}")


def _style(soap: etree._Element | None, otherwise: str) -> str:
    return otherwise if soap is None else soap.get("style", otherwise)
