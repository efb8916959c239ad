"""Records in XML. A whole component is copied from a blank one and filled in, which is faster than building it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from siebel_sim.components import column_of
from siebel_sim.messages import PRIMARY, Record, Shape
from siebel_sim.repository import OPERATION, Component, Form, Object
from siebel_sim.values import Kind, Wording


@dataclass(frozen=True, slots=True)
class Style:
    """How much of a record is written, and how its values are said."""

    shape: Shape = Shape.WHOLE
    wording: Wording = field(default_factory=Wording)


@dataclass(frozen=True, slots=True)
class _Blank:
    """A component with all of its fields, empty.

    ``fields`` are their places, columns, and what makes text of a value; ``typed`` the places and columns of those that
    have to be left out when they are empty.
    """

    element: etree._Element
    fields: tuple[tuple[int, str, Callable[[str], str] | None], ...]
    typed: tuple[tuple[int, str], ...]


def write(element: str, about: Object, records: Sequence[Record], style: Style | None = None) -> etree._Element:
    """Write records as the list ``element`` of the integration object ``about``."""
    written = etree.Element(element, nsmap={"io": etree.QName(about.root.element).namespace or ""})
    _write_all(written, records, about.root, style or Style())
    return written


def _write_all(parent: etree._Element, records: Sequence[Record], component: Component, style: Style) -> None:
    if style.shape is Shape.STATUS and component.status_key is None:
        return
    blank = _blank(component, style)
    for record in records:
        element = (
            _some(record, component, style) if blank is None or record.asked is not None else _whole(record, blank)
        )
        parent.append(element)
        if PRIMARY in component.attributes and style.shape is Shape.WHOLE:
            element.set(PRIMARY, "Y" if record.primary else "N")
        if blank is not None:
            _write_below(element, record, component, style)


def _write_below(element: etree._Element, record: Record, component: Component, style: Style) -> None:
    for container, child in component.children.items() if record.children else ():
        _write_container(element, record, Form(container, None, None, child), style)


def _write_container(element: etree._Element, record: Record, form: Form, style: Style) -> None:
    records = record.children.get(form.child.tag, ()) if form.child is not None else ()
    if records and form.child is not None and not (style.shape is Shape.STATUS and form.child.status_key is None):
        _write_all(etree.SubElement(element, form.element), records, form.child, style)


def _whole(record: Record, blank: _Blank) -> etree._Element:
    element = deepcopy(blank.element)
    row = record.row
    for place, column, text in blank.fields:
        value = row.get(column)
        if value is not None:
            element[place].text = value if text is None else text(value)
    for empty in [element[place] for place, column in blank.typed if row.get(column) is None]:
        element.remove(empty)
    return element


def _some(record: Record, component: Component, style: Style) -> etree._Element:
    """Write the fields that are wanted, and containers between them where the schema has them."""
    element = etree.Element(component.element)
    is_status = style.shape is Shape.STATUS
    wanted = component.status_key if is_status else record.asked
    row = {**record.row, column_of(OPERATION): record.done} if is_status else record.row
    for form in component.forms(style.wording):
        if form.field is None:
            if _blank(component, style) is None:
                _write_container(element, record, form, style)
        elif wanted is None or form.field.tag in wanted:
            _write_field(element, form, row.get(form.field.column))
    return element


def _write_field(element: etree._Element, form: Form, value: str | None) -> None:
    if value is not None:
        etree.SubElement(element, form.element).text = value if form.text is None else form.text(value)
    elif form.field is not None and form.field.wire is Kind.TEXT:
        etree.SubElement(element, form.element)


def _blank(component: Component, style: Style) -> _Blank | None:
    """Give the blank of a component; None where its containers stand before fields, or not everything is written."""
    if style.shape is Shape.STATUS:
        return None
    if style.wording not in component.blanks:
        component.blanks[style.wording] = _made_blank(component, style.wording)
    found: _Blank | None = component.blanks[style.wording]
    return found


def _made_blank(component: Component, wording: Wording) -> _Blank | None:
    forms = component.forms(wording)
    fields = [(form.element, form.field, form.text) for form in forms if form.field is not None]
    if any(form.field is not None for form in forms[len(fields) :]):
        return None
    element = etree.Element(component.element, nsmap={"io": etree.QName(component.element).namespace or ""})
    element.extend([etree.Element(name) for name, _, _ in fields])
    typed = tuple((place, known.column) for place, (_, known, _) in enumerate(fields) if known.wire is not Kind.TEXT)
    return _Blank(element, tuple((place, known.column, text) for place, (_, known, text) in enumerate(fields)), typed)
