"""User keys: which one counts for a message, and what it finds.

The first key in sequence whose fields are all present counts, and the first instance of a component in the message
decides for all of them: an instance that lacks the key's fields then matches anything, which is too much.
"""

from __future__ import annotations

from collections.abc import Mapping

from siebel_sim.errors import MULTIPLE_MATCH, NO_USER_KEY, SiebelError
from siebel_sim.messages import Instance
from siebel_sim.repository import Component, UserKey
from siebel_sim.search import quoted
from siebel_sim.store import Row, Session
from siebel_sim.values import BadValue, stored


class Keys:
    """The user keys of one message."""

    def __init__(self) -> None:
        self._chosen: dict[Component, UserKey | None] = {}

    def of(self, instance: Instance) -> UserKey | None:
        """Give the key that counts for the instance's component; None when its first instance has none."""
        component = instance.component
        if component not in self._chosen:
            self._chosen[component] = first_key(instance)
        return self._chosen[component]

    def find(self, session: Session, instance: Instance, parent: str | None) -> Row | None:
        """Find the record of an instance, below its parent; None when there is none.

        SiebelError when no key can be used, or when there are several.
        """
        component, key = instance.component, self.of(instance)
        if key is None:
            raise SiebelError(NO_USER_KEY.said(component.name))
        values = key_values(instance, key)
        if values is None:
            raise SiebelError(MULTIPLE_MATCH.said(component.name, "", component.business.name, key.name))
        found = session.by_columns(component.business, values, parent=parent, limit=2)
        if len(found) > 1:
            spec = spec_of(component, values)
            raise SiebelError(MULTIPLE_MATCH.said(component.name, spec, component.business.name, key.name))
        return found[0] if found else None


def first_key(instance: Instance) -> UserKey | None:
    """Give the first key that the instance has all fields of, one of them with a value."""
    for key in instance.component.user_keys:
        values = key_values(instance, key)
        if values is not None and any(value is not None for value in values.values()):
            return key
    return None


def key_values(instance: Instance, key: UserKey) -> dict[str, str | None] | None:
    """Give the values of a key as they are stored; None when a field of it is not there."""
    given = instance.columns()
    if any(column not in given for column in key.columns):
        return None
    return {column: _stored(instance.component, column, given[column]) for column in key.columns}


def spec_of(component: Component, values: Mapping[str, str | None]) -> str:
    """Write what was looked for as a search specification, as Siebel's faults quote it."""
    return " AND ".join(
        f"[{component.business.field(column).name}] {'IS NULL' if value is None else f'= {quoted(value)}'}"
        for column, value in values.items()
    )


def _stored(component: Component, column: str, text: str) -> str | None:
    if text == "":
        return None
    try:
        return stored(component.business.field(column).kind, text)
    except BadValue:
        return text  # it matches nothing; writing it is refused where that is done
