"""Integration object instances: what a message says, and what an answer holds; ``record_xml`` writes that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from lxml import etree

from siebel_sim.errors import BAD_SORT, NO_FIELD, SiebelError
from siebel_sim.repository import Component, Object
from siebel_sim.search import Order
from siebel_sim.store import Row
from siebel_sim.values import Lov

PRIMARY = "IsPrimaryMVG"


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of an integration component in a message.

    ``values`` are by tag, empty ones too; ``children`` by the tag of their component, for every container that is
    there, be it empty. ``spec`` is its search specification, ``primary`` says that it is its parent's primary, ``lov``
    how it says values of pick lists. ``sorts`` are the fields that a UI data adapter sorts by, in their order.
    """

    component: Component
    values: Mapping[str, str]
    children: Mapping[str, tuple[Instance, ...]]
    operation: str | None = None
    spec: str = ""
    primary: bool = False
    lov: Lov = Lov.LDC
    sorts: tuple[Order, ...] = ()

    def columns(self) -> dict[str, str]:
        """Give the values by column; of two fields in one column, the one that says something."""
        found: dict[str, str] = {}
        for each in self.component.fields:
            if self.values.get(each.tag, "") or (each.tag in self.values and each.column not in found):
                found[each.column] = self.values[each.tag]
        return found


@dataclass(slots=True)
class Record:
    """A record in an answer: its row, its children by the tag of their component, and what was done to it.

    ``asked`` are the tags that a query asked for, None for all.
    """

    component: Component
    row: Row
    done: str = ""
    children: dict[str, list[Record]] = field(default_factory=dict)
    asked: frozenset[str] | None = None
    primary: bool = False

    @property
    def row_id(self) -> str:
        """Its row id."""
        return self.row.get("row_id") or ""


class Shape(Enum):
    """How much of a record is written."""

    WHOLE = auto()
    STATUS = auto()


def read(element: etree._Element, about: Object, lov: Lov = Lov.LDC) -> tuple[Instance, ...]:
    """Read the instances in a list; SiebelError for a field that the component has not."""
    return tuple(_instance(each, about.root, lov) for each in element)


def _instance(element: etree._Element, component: Component, lov: Lov) -> Instance:
    values: dict[str, str] = {}
    children: dict[str, tuple[Instance, ...]] = {}
    for each in element:
        if (known := component.by_element.get(each.tag)) is not None:
            values[known.tag] = each.text or ""
        elif (child := component.children.get(each.tag)) is not None:
            children[child.tag] = tuple(_instance(inside, child, lov) for inside in each)
        else:
            raise _unknown(each, component)
    attributes = element.attrib
    sorted_by = [each for each in element if len(each.attrib) and each.get("sortsequence")]
    return Instance(
        component,
        values,
        children,
        attributes.get("operation"),
        attributes.get("searchspec", ""),
        attributes.get(PRIMARY) == "Y",
        lov,
        _sorts(sorted_by) if sorted_by else (),
    )


def _sorts(elements: Sequence[etree._Element]) -> tuple[Order, ...]:
    """Read ``<Created sortorder="DESC" sortsequence="1"/>``; SiebelError for a place that is no number."""
    placed = []
    for each in elements:
        place = each.get("sortsequence", "").strip()
        if not (place.isascii() and place.isdigit()):
            raise SiebelError(BAD_SORT.said("sortsequence is no number"))
        descends = each.get("sortorder", "").strip().upper().startswith("DESC")
        placed.append((int(place), (etree.QName(each).localname, descends)))
    return tuple(order for _, order in sorted(placed, key=lambda each: each[0]))


def arrange(element: etree._Element, component: Component) -> None:
    """Put what an instance holds in the order of its schema, in place: Siebel takes fields in any order.

    Raises SiebelError for a field that the component has not.
    """
    places = {name: place for place, name in enumerate(component.order)}
    inside = list(element)
    for each in inside:
        if each.tag not in places:
            raise _unknown(each, component)
        child = component.children.get(each.tag)
        if child is not None:
            arrange_list(each, child)
    found = [places[each.tag] for each in inside]
    if found != sorted(found):
        element[:] = sorted(inside, key=lambda each: places[each.tag])


def arrange_list(element: etree._Element, component: Component) -> None:
    """Put every instance in a list, or in a container, in the order of its schema."""
    for instance in element:
        if instance.tag != component.element:
            raise _unknown(instance, component)
        arrange(instance, component)


def _unknown(element: etree._Element, component: Component) -> SiebelError:
    return SiebelError(NO_FIELD.said(etree.QName(element).localname, component.business.name))


def as_json(element: etree._Element) -> object:
    """Give what an element holds as a JSON value, for people and tests: repeated elements become lists."""
    if not len(element):
        return element.text or ""
    found: dict[str, object] = {}
    for name, value in _named(element):
        if name not in found:
            found[name] = value
        elif isinstance(already := found[name], list):
            already.append(value)
        else:
            found[name] = [already, value]
    return found


_MASKED = frozenset({"CreditCardNumber", "BankAccountNumber", "SocialSecurityNumber", "AccountNumberBank"})


def _named(element: etree._Element) -> Iterator[tuple[str, object]]:
    for each in element:
        name = etree.QName(each).localname
        yield name, "***" if name in _MASKED and each.text else as_json(each)
