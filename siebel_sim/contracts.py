"""The contracts in a folder, and what messages are held to.

Siebel validates no message against its own schemas: an update names only what it changes, an example only what it asks
for. So the schemas that messages are checked against differ from those that are published: inside of integration
objects nothing is required, and attributes are free. What is required to write a record, the adapter demands itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import cast

from lxml import etree
from lxml.etree import _Element as Element

from siebel_sim.repository import Component, Object
from soapkit.catalog import Contract, ContractError, contracts_root, load
from soapkit.documents import Documents
from soapkit.schemas import XSD, SchemaFile, SchemaSet
from soapkit.wrappers import schemas as wrapper_schemas

_REQUIRED = ("element", "choice", "sequence", "all", "group")


def contracts_in(folder: Path) -> list[Contract]:
    """Load every WSDL in ``folder`` and below it, by name. Raises ContractError when there is none, or one is wrong."""
    found = sorted(path.resolve() for path in folder.rglob("*.wsdl"))
    if not found:
        raise ContractError(f"{folder}: there is no WSDL")
    return [load(path) for path in found]


def lenient(contract: Contract, objects: Iterable[Object]) -> Contract:
    """Give ``contract`` with schemas as lenient as Siebel is with integration objects."""
    components: set[Component] = set()
    for each in objects:
        _gather(each.root, components)
    types = frozenset(name for component in components for name in component.types)
    documents = Documents(contract.documents[contract.wsdl], contracts_root())
    rpc = [operation for operation in contract.operations if operation.parts or operation.answer_parts]
    files = (*(_relaxed(file, types) for file in documents.schemas()), *wrapper_schemas(rpc, documents.main))
    found = replace(contract, schemas=SchemaSet(files))
    found.check(etree.Element("nothing"))  # compiled now: what is wrong with it is seen at the start
    return found


def _gather(component: Component, known: set[Component]) -> None:
    if component not in known:
        known.add(component)
        for child in component.children.values():
            _gather(child, known)


def _relaxed(file: SchemaFile, types: frozenset[str]) -> SchemaFile:
    tree = file.root.getroottree()
    place = tree.getelementpath(file.root)
    copy = deepcopy(tree).getroot()  # the whole of it: prefixes may be declared above
    root = copy if place == "." else cast("Element", copy.find(place))
    for kind in root.iterchildren(f"{{{XSD}}}complexType"):
        if f"{{{file.namespace}}}{kind.get('name')}" in types:
            _relax(kind)
    return replace(file, root=root)


def _relax(kind: etree._Element) -> None:
    for particle in kind.iter(*(f"{{{XSD}}}{name}" for name in _REQUIRED)):
        particle.set("minOccurs", "0")
    if kind.find(f".//{{{XSD}}}anyAttribute") is None and kind.find(f"{{{XSD}}}simpleContent") is None:
        holder = kind.find(f".//{{{XSD}}}extension")
        etree.SubElement(kind if holder is None else holder, f"{{{XSD}}}anyAttribute", processContents="skip")
