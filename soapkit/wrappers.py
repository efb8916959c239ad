"""The wrapper elements of rpc/literal messages, declared: no schema file does it, and a validator needs it.

A wrapper is called like the operation, in the namespace of ``soap:body``, or like the operation with ``Response``
behind it (WS-I BP 1.1, R2729). It holds one accessor a part, in the order of the message (R2301), in no namespace
(R2735), each of the type of its part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from soapkit.operation import Operation, Part
from soapkit.schemas import XSD, SchemaFile


def schemas(operations: Sequence[Operation], document: str) -> Iterator[SchemaFile]:
    """Yield a schema for each namespace that wrappers of ``operations`` have; keys are derived from ``document``."""
    wrapped: dict[str, dict[str, tuple[Part, ...]]] = {}
    for operation in operations:
        for element, parts in ((operation.input, operation.parts), (operation.output, operation.answer_parts)):
            if element:
                name = etree.QName(element)
                wrapped.setdefault(name.namespace or "", {})[name.localname] = parts
    for number, (namespace, wrappers) in enumerate(wrapped.items()):
        yield SchemaFile(f"{document}.rpc{number}", namespace, _schema(namespace, wrappers), {}, entry=True)


def _schema(namespace: str, wrappers: dict[str, tuple[Part, ...]]) -> etree._Element:
    """Write ``<xs:element name="Op"><xs:complexType><xs:sequence><xs:element name="part" type="p:Type"/>…``."""
    types = sorted({etree.QName(part.type).namespace or "" for parts in wrappers.values() for part in parts} - {XSD})
    prefixes = {used: f"n{number}" for number, used in enumerate(types) if used} | {XSD: "xs"}
    schema = etree.Element(
        f"{{{XSD}}}schema", targetNamespace=namespace, nsmap={prefix: used for used, prefix in prefixes.items()}
    )
    for used in types:
        if used != namespace:
            etree.SubElement(schema, f"{{{XSD}}}import", {"namespace": used} if used else {})
    for name, parts in wrappers.items():
        element = etree.SubElement(schema, f"{{{XSD}}}element", name=name)
        content = etree.SubElement(etree.SubElement(element, f"{{{XSD}}}complexType"), f"{{{XSD}}}sequence")
        for part in parts:
            etree.SubElement(content, f"{{{XSD}}}element", name=part.name, type=_written(part.type, prefixes))
    return schema


def _written(type_: str, prefixes: dict[str, str]) -> str:
    name = etree.QName(type_)
    return f"{prefixes[name.namespace]}:{name.localname}" if name.namespace else name.localname
