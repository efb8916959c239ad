"""What goes where in a message of a subscriber's own, found in its schema.

The list goes to its element (a SiebelMessage may be around it), the string to a name that ends in ``_spcXML``, message
id and source to the names of the process properties. What else is required there has no value here, and is refused.
Imported only where there is such a subscriber: the library that reads schemas takes a tenth of a second to import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

from lxml import etree
from xmlschema.validators import XsdComplexType, XsdElement, XsdGroup

from gateway.cut.delivery import Change
from gateway.cut.messages import to_text
from gateway.cut.objects import CutObject
from gateway.transforms.reading import Element
from soapkit.catalog import Contract, ContractError, Style
from soapkit.schema_model import global_element

Place = Callable[[Element, Change], None]
"""Puts a part of a change into a message."""


def own_message(contract: Contract, name: str, about: CutObject) -> Callable[[Change], Element]:
    """Find out how a change becomes the input of an operation. Raises ContractError."""
    operation = contract.operation(name)
    if operation.style is not Style.DOCUMENT:
        raise ContractError(f"{name} is not document/literal")
    places = [_place(part, about, name) for part in _parts(global_element(contract, operation.input))]
    if not any(carries for _, carries in places):
        wanted = etree.QName(about.list_element).localname
        raise ContractError(f"{name} takes neither {wanted} nor a string that ends in _spcXML")

    def message(change: Change) -> Element:
        body = etree.Element(operation.input)
        for place, _ in places:
            place(body, change)
        return body

    return message


def _place(part: XsdElement, about: CutObject, operation: str) -> tuple[Place, bool]:
    """Return what fills an element of an input, and whether that is the data."""
    tag = str(part.name)
    if tag == about.list_element:
        return (lambda body, change: body.append(change.list)), True
    if any(str(inner.name) == about.list_element for inner in _parts(part)):
        return (lambda body, change: etree.SubElement(body, tag).append(change.list)), True
    if tag.endswith("_spcXML"):
        return (lambda body, change: _add(body, tag, to_text(change.about, deepcopy(change.list)))), True
    value = _VALUES.get(str(part.local_name))
    if value is not None:
        return (lambda body, change: _add(body, tag, value(change))), False
    if part.min_occurs and (part.parent is None or part.parent.min_occurs):
        raise ContractError(f"{operation} requires {part.local_name}, for which there is no value")
    return _nothing, False


_VALUES: Mapping[str, Callable[[Change], str]] = {
    "Message_spcId": lambda change: change.message_id,
    "Source_spcSystem": lambda change: change.source,
    "Object_spcId": lambda change: change.about.row_id(next(iter(change.about.records(change.list)), None)),
}
"""Process properties that have a value, by name."""


def _nothing(_body: Element, _change: Change) -> None:
    """Leave out what is optional, and has no value."""


def _add(body: Element, tag: str, text: str) -> None:
    etree.SubElement(body, tag).text = text


def _parts(element: XsdElement) -> list[XsdElement]:
    """Return the elements that may be inside an element, in order."""
    group = element.type.content if isinstance(element.type, XsdComplexType) else None
    found = group.iter_elements() if isinstance(group, XsdGroup) else ()
    return [each for each in found if isinstance(each, XsdElement)]
