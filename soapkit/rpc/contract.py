"""Writes the contract of an rpc/literal twin: the document/literal WSDL with its body messages made into parts.

Faults, headers, documentation and imports stay as they are. The twin lies beside the other, so that relative locations
stay right, and its service, port, binding and port type are called like the other's with ``Rpc`` behind. Message
elements that only the other needs are left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path

from lxml import etree

from soapkit.documents import SOAP, WSDL, ContractError, Documents
from soapkit.rpc.arguments import Argument, Schemas
from soapkit.schemas import XSD

SUFFIX = "Rpc"
_ACTION = re.compile("^document/")
_TO_ELEMENTS = ("ref", "element")
_TO_TYPES = ("type", "base")


def twin_path(wsdl: Path) -> Path:
    """Return where the twin of ``wsdl`` lies: ``CutAccount.wsdl`` → ``CutAccountRpc.wsdl``."""
    return wsdl.with_name(f"{wsdl.stem}{SUFFIX}{wsdl.suffix}")


def twin_wsdl(wsdl: Path, root: Path) -> bytes:
    """Return the contract of the twin of ``wsdl``, written out; ``root`` is the directory of all contracts.

    Raises ContractError when the contract cannot be read, or holds a message that cannot be made into parts.
    """
    written = _Twin(Documents(wsdl, root), wsdl).definitions()
    etree.indent(written)
    said = f" Made of {wsdl.name} by python -m soapkit.rpc: change that one. "
    return b"\n".join(
        (
            b'<?xml version="1.0" encoding="UTF-8"?>',
            f"<!--{said}-->".encode(),
            etree.tostring(written, encoding="UTF-8"),
            b"",
        )
    )


class _Twin:
    """The tree of a twin, made of a copy of the other's step by step."""

    def __init__(self, documents: Documents, wsdl: Path) -> None:
        self._documents = documents
        self._wsdl = wsdl
        self._schemas = Schemas(documents)
        self._root = deepcopy(documents.definitions)
        self._namespace = documents.namespace
        self._replaced: set[str] = set()
        self._elements: set[str] = set()
        self._made: dict[str, tuple[str, bool]] = {}

    def definitions(self) -> etree._Element:
        binding, port_type = self._only("binding"), self._only("portType")
        messages = [made for node in port_type.iterfind(f"{{{WSDL}}}operation") for made in self._operation(node)]
        for message in messages:
            port_type.addprevious(message)
        self._drop_messages()
        self._drop_elements()
        self._add_types()
        self._bind(binding)
        self._rename([binding, port_type])
        return self._root

    def _only(self, kind: str) -> etree._Element:
        found = self._root.findall(f"{{{WSDL}}}{kind}")
        if len(found) != 1:
            raise ContractError(f"{self._wsdl.name}: holds {len(found)} of {kind}, not one: it can have no twin")
        return found[0]

    def _operation(self, operation: etree._Element) -> Iterator[etree._Element]:
        """Lead input and output of ``operation`` to messages of parts, and yield those."""
        for direction in ("input", "output"):
            node = operation.find(f"{{{WSDL}}}{direction}")
            if node is None:
                continue
            original = self._documents.definition("message", node, node.get("message"))
            part = original.find(f"{{{WSDL}}}part")
            if part is None or not part.get("element"):
                raise ContractError(f"{self._wsdl.name}: {operation.get('name')} is not document/literal")
            element = self._documents.qname(part, part.get("element"))
            self._replaced.add(self._documents.qname(node, node.get("message")))
            self._elements.add(element)
            name = f"{operation.get('name')}{SUFFIX}{direction.capitalize()}"
            prefix = next(key for key, used in node.nsmap.items() if used == self._namespace)
            node.set("message", f"{prefix}:{name}" if prefix else name)
            yield self._message(name, self._schemas.arguments(element))

    def _message(self, name: str, arguments: Iterable[Argument]) -> etree._Element:
        message = etree.SubElement(self._root, f"{{{WSDL}}}message", name=name)
        for argument in arguments:
            kind = argument.type or self._holder(argument)
            _naming(message, f"{{{WSDL}}}part", "type", kind, name=argument.name)
        return message

    def _holder(self, argument: Argument) -> str:
        """Name a type that holds the element of ``argument``, to be made."""
        local = etree.QName(argument.element).localname
        name = f"Optional{local}Argument" if argument.optional else f"{local}Argument"
        if self._made.setdefault(name, (argument.element, argument.optional)) != (argument.element, argument.optional):
            raise ContractError(f"{self._wsdl.name}: two arguments would be of a type {name}")
        return f"{{{self._namespace}}}{name}"

    def _drop_messages(self) -> None:
        kept = {
            self._documents.qname(node, node.get("message"))
            for node in self._root.iter(f"{{{WSDL}}}fault", f"{{{SOAP}}}header", f"{{{SOAP}}}headerfault")
            if node.get("message")
        }
        for message in self._root.findall(f"{{{WSDL}}}message"):
            if f"{{{self._namespace}}}{message.get('name')}" in self._replaced - kept:
                self._root.remove(message)

    def _drop_elements(self) -> None:
        """Leave out the elements of body messages, then their types, as far as nothing else refers to them."""
        needed, types = set(self._referred(_TO_ELEMENTS)), set[str]()
        for schema, name, element in self._declared("element"):
            if name in self._elements - needed:
                types |= {self._documents.qname(element, element.get("type"))} if element.get("type") else set()
                schema.remove(element)
        needed = set(self._referred(_TO_TYPES))
        for schema, name, kind in self._declared("complexType"):
            if name in types - needed:
                schema.remove(kind)

    def _declared(self, kind: str) -> list[tuple[etree._Element, str, etree._Element]]:
        """List the global components of ``kind`` in the WSDL itself: schema, Clark name, component."""
        return [
            (schema, f"{{{schema.get('targetNamespace')}}}{node.get('name')}", node)
            for schema in self._root.iterfind(f"{{{WSDL}}}types/{{{XSD}}}schema")
            for node in schema.iterchildren(f"{{{XSD}}}{kind}")
        ]

    def _referred(self, attributes: tuple[str, ...]) -> Iterator[str]:
        for user in self._root.iter(f"{{{XSD}}}*", f"{{{WSDL}}}part"):
            for attribute in attributes:
                if value := user.get(attribute):
                    yield self._documents.qname(user, value)

    def _add_types(self) -> None:
        """Write ``<xsd:complexType name="XArgument"><xsd:sequence><xsd:element ref="io:X"/>…`` for holders."""
        if not self._made:
            return
        types = self._root.find(f"{{{WSDL}}}types")
        if types is None:
            raise ContractError(f"{self._wsdl.name}: holds no types: it can have no twin")
        schema = self._own_schema(types)
        for name, (element, optional) in self._made.items():
            self._import(schema, element)
            kind = etree.SubElement(schema, f"{{{XSD}}}complexType", name=name)
            said = etree.SubElement(etree.SubElement(kind, f"{{{XSD}}}annotation"), f"{{{XSD}}}documentation")
            said.text = f"Holds {etree.QName(element).localname}{', or nothing' if optional else ''}."
            held = _naming(etree.SubElement(kind, f"{{{XSD}}}sequence"), f"{{{XSD}}}element", "ref", element)
            if optional:
                held.set("minOccurs", "0")

    def _own_schema(self, types: etree._Element) -> etree._Element:
        for schema in types.iterchildren(f"{{{XSD}}}schema"):
            if schema.get("targetNamespace") == self._namespace:
                return schema
        return etree.SubElement(
            types, f"{{{XSD}}}schema", targetNamespace=self._namespace, elementFormDefault="qualified"
        )

    def _import(self, schema: etree._Element, element: str) -> None:
        namespace = etree.QName(element).namespace or ""
        imported = {node.get("namespace") for node in schema.iterchildren(f"{{{XSD}}}import")}
        if namespace in imported | {schema.get("targetNamespace")}:
            return
        file = next(file for file in self._documents.schemas() if file.entry and file.namespace == namespace)
        location = os.path.relpath(self._documents.paths[file.key], self._wsdl.parent)
        node = etree.Element(f"{{{XSD}}}import", namespace=namespace, schemaLocation=Path(location).as_posix())
        schema.insert(0, node)

    def _bind(self, binding: etree._Element) -> None:
        for soap in binding.iter(f"{{{SOAP}}}binding", f"{{{SOAP}}}operation"):
            soap.attrib.pop("style", "")
            if soap.get("soapAction"):
                soap.set("soapAction", _ACTION.sub("rpc/", soap.get("soapAction", "")))
        for soap in binding.iterfind(f"{{{SOAP}}}binding"):
            soap.set("style", "rpc")
        for body in binding.iter(f"{{{SOAP}}}body"):
            body.attrib.pop("parts", "")
            body.set("namespace", self._namespace)

    def _rename(self, nodes: list[etree._Element]) -> None:
        service = self._root.find(f"{{{WSDL}}}service")
        ports = self._root.findall(f"{{{WSDL}}}service/{{{WSDL}}}port")
        for node in (*nodes, *([] if service is None else [service]), *ports):
            node.set("name", f"{node.get('name')}{SUFFIX}")
            for reference in ("binding", "type"):
                if node.get(reference):
                    node.set(reference, f"{node.get(reference)}{SUFFIX}")
        for address in self._root.iter(f"{{{SOAP}}}address"):
            address.set("location", f"{address.get('location')}{SUFFIX}")


def _naming(parent: etree._Element, tag: str, attribute: str, qname: str, **more: str) -> etree._Element:
    """Add a child to ``parent`` with a QName for an attribute; a prefix is declared where there is none."""
    wanted = etree.QName(qname)
    prefix = next((key for key, used in parent.nsmap.items() if used == wanted.namespace and key), None)
    declared = {} if prefix or not wanted.namespace else {"t": wanted.namespace}
    child = etree.SubElement(parent, tag, dict(more), nsmap=declared)
    child.set(attribute, f"{prefix or 't'}:{wanted.localname}" if wanted.namespace else wanted.localname)
    return child
