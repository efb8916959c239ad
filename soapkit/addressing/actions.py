"""Which Action an operation's messages have: what its WSDL says, else its soapAction, else the default pattern.

    <wsdl:input message="tns:In" wsam:Action="urn:example:Place"/>

The attribute may be of WS-Addressing Metadata 1.0 (``wsam``), of its candidate (``wsaw``), or of 2004/08's and
2005/08's own namespaces. The default pattern is Metadata 1.0's, 4.4.4: ``namespace/portType/inputName``, with colons
where the namespace is a URN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from soapkit.addressing.editions import SUBMISSION, W3C, Edition
from soapkit.catalog import Contract, Operation
from soapkit.documents import WSDL, ContractError
from soapkit.limits import parse

_WSAM = "http://www.w3.org/2007/05/addressing/metadata"
_WSAW = "http://www.w3.org/2006/05/addressing/wsdl"
_ATTRIBUTES = tuple(f"{{{ns}}}Action" for ns in (_WSAM, _WSAW, W3C.namespace, SUBMISSION.namespace))


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of one operation. ``accepted`` are those a request may have; ``request`` is what a client says.

    ``faults`` are by the Clark name of the element that is the fault's detail.
    """

    accepted: frozenset[str]
    request: str
    answer: str
    faults: Mapping[str, str]


def actions(contract: Contract, operation: Operation, edition: Edition) -> Actions:
    """Return the actions of an operation of ``contract``, read once."""
    return _actions(contract, edition)[operation.name]


@lru_cache(maxsize=256)
def _actions(contract: Contract, edition: Edition) -> Mapping[str, Actions]:
    namespace, port_type = _port_type(contract)
    pattern = _Pattern(namespace, contract.port_type, edition)
    nodes = {node.get("name", ""): node for node in port_type.iterfind(f"{{{WSDL}}}operation")}
    return {op.name: pattern.actions(op, nodes[op.name]) for op in contract.operations}


def _port_type(contract: Contract) -> tuple[str, etree._Element]:
    for path in contract.documents.values():
        root = parse(path.read_bytes())
        for node in root.iterfind(f"{{{WSDL}}}portType"):
            if node.get("name") == contract.port_type:
                return root.get("targetNamespace", ""), node
    raise ContractError(f"{contract.wsdl}: no port type {contract.port_type}")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The default pattern, for the operations of one port type."""

    namespace: str
    port_type: str
    edition: Edition

    def actions(self, operation: Operation, node: etree._Element) -> Actions:
        """Read one ``wsdl:operation``."""
        name, is_answered = operation.name, operation.output is not None
        default = self._default(node, "input", f"{name}Request" if is_answered else name)
        said = _said(node.find(f"{{{WSDL}}}input"))
        accepted = {said} if said else {action for action in (operation.soap_action, default) if action}
        return Actions(
            accepted=frozenset(accepted),
            request=said or operation.soap_action or default,
            answer=_said(node.find(f"{{{WSDL}}}output")) or self._default(node, "output", f"{name}Response"),
            faults={
                element: _said(node.find(f"{{{WSDL}}}fault[@name='{fault}']")) or self._fault(name, fault)
                for fault, element in operation.faults.items()
            },
        )

    def _default(self, node: etree._Element, direction: str, name: str) -> str:
        found = node.find(f"{{{WSDL}}}{direction}")
        return self._joined(name if found is None else found.get("name", name))

    def _fault(self, operation: str, fault: str) -> str:
        """2004/08 applies no pattern to faults (3.3.2)."""
        return self._joined(operation, "Fault", fault) if self.edition is W3C else self.edition.fault

    def _joined(self, *names: str) -> str:
        urn = self.edition is W3C and self.namespace.lower().startswith("urn:")
        delimiter = ":" if urn else "/"
        return delimiter.join((self.namespace.removesuffix(delimiter), self.port_type, *names))


def _said(node: etree._Element | None) -> str:
    if node is None:
        return ""
    return next((said.strip() for attribute in _ATTRIBUTES if (said := node.get(attribute, "")).strip()), "")
