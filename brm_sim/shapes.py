"""The shape of flists: which fields, of which types, in which order; read from the XSDs in ``xsd/brm``.

The XSDs are the only source: nothing here knows an opcode by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from lxml import etree

from soapkit.limits import parse

NAMESPACE = "http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes"
_XS = "{http://www.w3.org/2001/XMLSchema}"


class FieldType(StrEnum):
    """BRM's field types, by the word the text form prints."""

    INT = "INT"
    ENUM = "ENUM"
    DECIMAL = "DECIMAL"
    STR = "STR"
    TSTAMP = "TSTAMP"
    POID = "POID"
    BUF = "BUF"
    BINSTR = "BINSTR"
    ERRBUF = "ERRBUF"
    ARRAY = "ARRAY"
    SUBSTRUCT = "SUBSTRUCT"

    @property
    def nested(self) -> bool:
        """Whether the value is made of fields."""
        return self in (FieldType.ARRAY, FieldType.SUBSTRUCT)


SIMPLE_TYPES = {kind.capitalize(): kind for kind in FieldType if not kind.nested}
"""The names of the simple types in BRMCommon.xsd."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a flist: ``shape`` is that of its elements for an array or substruct, else None."""

    name: str
    type: FieldType
    required: bool
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a flist in published order; an ``open`` one takes any field of the dictionary besides."""

    fields: Mapping[str, FieldSpec]
    order: Mapping[str, int]
    open: bool = False

    @classmethod
    def of(cls, specs: Iterator[FieldSpec], *, open_: bool = False) -> Shape:
        """Build a shape from specs in order."""
        fields = {spec.name: spec for spec in specs}
        return cls(MappingProxyType(fields), {name: index for index, name in enumerate(fields)}, open_)

    def walk(self) -> Iterator[FieldSpec]:
        """Every field, at any depth."""
        for spec in self.fields.values():
            yield spec
            if spec.shape is not None:
                yield from spec.shape.walk()


OPEN = Shape(MappingProxyType({}), {}, open=True)
"""Any fields of the dictionary."""


class Schemas:
    """The complex types and global elements of a directory of XSDs, by name."""

    def __init__(self, directory: Path) -> None:
        self._types: dict[str, etree._Element] = {}
        self._elements: dict[str, str] = {}
        self._shapes: dict[str, Shape] = {}
        for path in sorted(directory.glob("*.xsd")):
            self._read(parse(path.read_bytes()))

    def _read(self, schema: etree._Element) -> None:
        for node in schema.iterfind(f"{_XS}complexType"):
            self._types[node.get("name", "")] = node
        for node in schema.iterfind(f"{_XS}element"):
            self._elements[node.get("name", "")] = _local(node)

    def call(self, element: str) -> tuple[str, Shape]:
        """Look into ``<pcmOpX><flags/><PCM_OP_X_inputFlist>…``: the name of the flist element, and its shape."""
        spec = list(self.shape(self._elements[element]).fields.values())[-1]
        if spec.shape is None:
            raise ValueError(f"{element} holds no flist")
        return spec.name, spec.shape

    def shape(self, type_: str) -> Shape:
        """Read ``<xs:complexType name="…"><xs:sequence><xs:element/>… or <xs:any/>…``."""
        if type_ not in self._shapes:
            sequence = self._types[type_].find(f"{_XS}sequence")
            nodes = () if sequence is None else tuple(sequence)
            elements = (node for node in nodes if node.tag == f"{_XS}element")
            has_any = any(node.tag == f"{_XS}any" for node in nodes)
            self._shapes[type_] = Shape.of((self._field(node) for node in elements), open_=has_any)
        return self._shapes[type_]

    def _field(self, node: etree._Element) -> FieldSpec:
        """Read ``<xs:element name="POID" type="brm:Poid" minOccurs="0"/>``."""
        name, type_, required = node.get("name", ""), _local(node), node.get("minOccurs") != "0"
        if type_ in SIMPLE_TYPES:
            return FieldSpec(name, SIMPLE_TYPES[type_], required)
        return FieldSpec(name, self._nested(type_), required, self.shape(type_))

    def _nested(self, type_: str) -> FieldType:
        """Tell an array, whose elements have an ``elem``, from a substruct."""
        attribute = self._types[type_].find(f"{_XS}attribute[@name='elem']")
        return FieldType.SUBSTRUCT if attribute is None else FieldType.ARRAY


def _local(node: etree._Element) -> str:
    return node.get("type", "").rpartition(":")[2]
