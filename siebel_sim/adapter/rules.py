"""What a business component demands of its fields: kind, length, pick list, default, required, read-only."""

from __future__ import annotations

from collections.abc import Mapping

from siebel_sim.components import SYSTEM, BusinessField
from siebel_sim.errors import (
    BAD_FORMAT,
    MODIFIED,
    NOT_IN_PICKLIST,
    READ_ONLY,
    REQUIRED,
    SET_FIELD,
    TOO_LONG,
    WRITE_RECORD,
    Said,
    SiebelError,
)
from siebel_sim.repository import Component
from siebel_sim.store import Row
from siebel_sim.values import BadValue, Lov, stored


def new_values(component: Component, given: Mapping[str, str], spec: str, lov: Lov = Lov.LDC) -> dict[str, str | None]:
    """Give the columns of a new record: defaults, and over them what is given. SiebelError for what is not allowed."""
    fields = component.business.fields
    values = {column: each.default for column, each in fields.items()}
    values |= _checked(component, given, values, lov)
    _require(component, values, spec)
    return values


def changed_values(
    component: Component, given: Mapping[str, str], row: Row, spec: str, lov: Lov = Lov.LDC
) -> dict[str, str | None]:
    """Give the columns of a record that change: what is given, and no more. SiebelError for what is not allowed."""
    if any(_is_stale(component, column, given.get(column, ""), row) for column in component.modification_key):
        raise _refused_writing(component, spec, MODIFIED.said())
    values = _checked(component, given, row, lov)
    _require(component, values, spec)
    return values


def _is_stale(component: Component, column: str, text: str, row: Row) -> bool:
    """Tell whether a modification key is carried, and is not the record's any more."""
    try:
        return bool(text) and stored(component.business.field(column).kind, text) != row[column]
    except BadValue:
        return True


def _checked(component: Component, given: Mapping[str, str], row: Row, lov: Lov) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for column, text in given.items():
        if column not in SYSTEM:
            field = component.business.fields[column]
            values[column] = _value(component, field, _coded(component, field, text, lov), row)
    return values


def _coded(component: Component, field: BusinessField, text: str, lov: Lov) -> str:
    """Give the code of what a pick list displays; a bounded one has nothing but what it displays."""
    if not text or not field.displays or lov is Lov.LIC:
        return text
    code = field.codes.get(text)
    if code is None and field.bounded:
        raise refused_setting(component, NOT_IN_PICKLIST.said(field.name, component.business.name))
    return text if code is None else code


def _value(component: Component, field: BusinessField, text: str, row: Row) -> str | None:
    wrong = None
    try:
        value = stored(field.kind, text) if text else None
    except BadValue as error:
        raise refused_setting(component, BAD_FORMAT.said(field.name, component.business.name, str(error))) from error
    if field.read_only and value != row[field.column]:
        wrong = READ_ONLY.said(field.name, component.business.name)
    elif field.length is not None and len(text) > field.length:
        wrong = TOO_LONG.said(field.name, component.business.name, str(field.length))
    elif field.bounded and field.picklist and value is not None and value not in field.picklist:
        wrong = NOT_IN_PICKLIST.said(field.name, component.business.name)
    elif field.form is not None and value is not None and not field.form.fullmatch(value):
        wrong = BAD_FORMAT.said(field.name, component.business.name, "not in its format")
    if wrong is not None:
        raise refused_setting(component, wrong)
    return value


def _require(component: Component, values: Mapping[str, str | None], spec: str) -> None:
    for column, each in component.business.fields.items():
        if each.required and column in values and values[column] is None:
            raise _refused_writing(component, spec, REQUIRED.said(each.name))


def refused_setting(component: Component, inner: Said) -> SiebelError:
    """Say that a field does not take its value."""
    return SiebelError(SET_FIELD.said(component.business.name, component.name, str(inner)), inner)


def _refused_writing(component: Component, spec: str, inner: Said) -> SiebelError:
    return SiebelError(WRITE_RECORD.said(component.business.name, component.name, spec, str(inner)), inner)
