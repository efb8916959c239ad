"""The repository: integration components with their business components, from schemas and what stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from siebel_sim.components import SYSTEM, BusinessComponent, BusinessField, column_of, squeezed, table_of
from siebel_sim.integration_objects import IntegrationObject, SchemaComponent, SchemaField, integration_objects
from siebel_sim.sidecars import ComponentFacts, Facts, FieldFacts, RepositoryError, facts_beside
from siebel_sim.values import BadValue, Kind, Lov, Wording, form_of, stored
from soapkit.catalog import Contract

_DEFAULT_KEYS = (("Id",), ("Integration Id",))
_DEFAULT_STATUS = ("Id", "Mod Id")
_LONGEST_KEY = 250
"""Characters of a field in a user key, unless said: an index has room for no more."""

OPERATION = "Operation"
"""The field of a status key that says what was done."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an integration component: its tag and element, where it is stored, and its form on the wire."""

    tag: str
    element: str
    column: str
    wire: Kind


@dataclass(frozen=True, slots=True)
class UserKey:
    """A user key: Siebel's names of its fields, and their columns."""

    name: str
    columns: tuple[str, ...]


class Form(NamedTuple):
    """How an element of a component is written: a field with what makes text of its stored value, or a container."""

    element: str
    field: Field | None
    text: Callable[[str], str] | None
    child: Component | None


@dataclass(frozen=True, eq=False)
class Component:
    """An integration component over its business component; ``children`` are by container (Clark), and may recur.

    ``blanks`` is for who writes records, to keep what does not change.
    """

    name: str
    tag: str
    element: str
    business: BusinessComponent
    fields: tuple[Field, ...]
    user_keys: tuple[UserKey, ...]
    status_key: tuple[str, ...] | None
    modification_key: tuple[str, ...]
    primary: str | None
    order: tuple[str, ...]
    attributes: frozenset[str]
    types: frozenset[str]
    refuses: frozenset[str] = frozenset()
    children: dict[str, Component] = field(default_factory=dict, repr=False)
    blanks: dict[Wording, Any] = field(default_factory=dict, repr=False, init=False)
    _forms: dict[Wording, Sequence[Form]] = field(default_factory=dict, repr=False, init=False)

    def forms(self, wording: Wording) -> Sequence[Form]:
        """Say how each field and each container is written, in the schema's order."""
        known = self._forms.get(wording)
        if known is None:
            known = self._forms[wording] = tuple(self._form(name, wording) for name in self.order if self._has(name))
        return known

    def _has(self, name: str) -> bool:
        return name in self.by_element or name in self.children

    def _form(self, name: str, wording: Wording) -> Form:
        known = self.by_element.get(name)
        if known is None:
            return Form(name, None, None, self.children[name])
        about = self.business.field(known.column)
        if about.displays and wording.lov is Lov.LDC:
            return Form(name, known, lambda value: about.displays.get(value, value), None)
        return Form(name, known, form_of(about.kind, known.wire, utc=wording.utc), None)

    @cached_property
    def by_element(self) -> Mapping[str, Field]:
        """The fields by their elements (Clark)."""
        return {each.element: each for each in self.fields}

    @cached_property
    def _tags(self) -> Mapping[str, str]:
        return {squeezed(each.tag): each.column for each in reversed(self.fields)}

    @cached_property
    def _called(self) -> frozenset[str]:
        return frozenset(map(squeezed, (self.tag, self.name, self.business.name)))

    def column(self, name: str) -> str | None:
        """Find the column of a field by its tag or by its name in Siebel; None when there is none.

        The component's name may stand before it: ``Account.Name``.
        """
        before, dot, after = name.rpartition(".")
        wanted = squeezed(after if dot and squeezed(before) in self._called else name)
        named = self._tags.get(wanted) or column_of(wanted)
        return named if named in self.business.fields or named in SYSTEM else None


@dataclass(frozen=True, eq=False)
class Object:
    """An integration object, ready for the adapter; ``element`` is its list (Clark)."""

    name: str
    element: str
    root: Component
    attributes: frozenset[str]


@dataclass(frozen=True, eq=False)
class Repository:
    """Everything that all contracts together say."""

    objects: Mapping[Contract, Mapping[str, Object]]
    business: Mapping[str, BusinessComponent]


@dataclass(frozen=True, slots=True)
class _Source:
    """One contract, with what stands beside it."""

    contract: Contract
    facts: Facts
    objects: Mapping[str, IntegrationObject]

    def about(self, component: SchemaComponent) -> ComponentFacts:
        return self.facts.components.get(component.tag, ComponentFacts())

    def business_name(self, component: SchemaComponent) -> str:
        facts = self.about(component)
        return facts.business_component or facts.name or component.tag

    def field_name(self, component: SchemaComponent, given: SchemaField) -> str:
        return self.about(component).fields.get(given.tag, given.tag)

    def keys(self, component: SchemaComponent) -> Iterator[UserKey]:
        """Yield the user keys whose fields the component has; one that a file names must be complete."""
        said = self.about(component).user_keys
        known = {column_of(self.field_name(component, each)) for each in component.fields}
        for names in said if said is not None else _DEFAULT_KEYS:
            columns = tuple(column_of(name) for name in names)
            if known.issuperset(columns):
                yield UserKey(", ".join(names), columns)
            elif said is not None:
                raise RepositoryError(f"{self.contract.name}: {component.tag} lacks fields of the user key {names}")


class _Draft:
    """A business component while contracts add to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: dict[str, BusinessField] = {}
        self.keys: set[tuple[str, ...]] = set()
        self.children: set[str] = set()
        self.searches: dict[str, str] = {}
        self.views: dict[str, str] = {}

    def add(self, name: str, given: SchemaField) -> None:
        column = column_of(name)
        if column in SYSTEM:
            return
        known = self.fields.get(column)
        if known is None:  # the first schema says whether it is required: no other contract makes it so for all
            self.fields[column] = BusinessField(name, column, given.kind, required=given.required)
        elif known.kind is Kind.TEXT:
            self.fields[column] = replace(known, kind=given.kind)

    def know(self, name: str, facts: FieldFacts) -> None:
        known = self.fields.get(column_of(name), BusinessField(name, column_of(name)))
        kind = facts.type or known.kind
        if column_of(name) in SYSTEM:
            raise RepositoryError(f"{self.name}: {name} is Siebel's own field, nothing can be said about it")
        try:
            default = None if facts.default is None else stored(kind, facts.default)
        except BadValue as error:
            raise RepositoryError(f"{self.name}: the default of {name} is {error}") from error
        self.fields[known.column] = replace(
            known,
            name=name,
            kind=kind,
            length=facts.length,
            required=known.required if facts.required is None else facts.required,
            read_only=facts.read_only,
            picklist=tuple(facts.picklist),
            displays=facts.picklist if isinstance(facts.picklist, Mapping) else {},
            bounded=facts.bounded,
            default=default,
            form=facts.form,
        )
        if facts.index:
            self.keys.add((known.column,))

    def finished(self) -> BusinessComponent:
        keyed = {column for key in self.keys for column in key}
        fields = {
            column: replace(each, length=_LONGEST_KEY) if column in keyed and each.length is None else each
            for column, each in self.fields.items()
        }
        keys = frozenset(key for key in self.keys if key != ("row_id",))
        return BusinessComponent(
            self.name, table_of(self.name), fields, keys, frozenset(self.children), self.searches, self.views
        )


def repository(contracts: Iterable[Contract]) -> Repository:
    """Read the repository that ``contracts`` make together. Raises RepositoryError, and ContractError of a schema."""
    sources = [_Source(each, facts_beside(each), integration_objects(each)) for each in contracts]
    drafts: dict[str, _Draft] = {}
    for source in sources:
        _draft(source, drafts)
    business = {table: draft.finished() for table, draft in drafts.items()}
    objects = {
        source.contract: {element: _object(source, found, business) for element, found in source.objects.items()}
        for source in sources
    }
    return Repository(objects, business)


def _draft(source: _Source, drafts: dict[str, _Draft]) -> None:
    for found in source.objects.values():
        for component in found.components.values():
            name = source.business_name(component)
            draft = drafts.setdefault(table_of(name), _Draft(name))
            for each in component.fields:
                draft.add(source.field_name(component, each), each)
            draft.keys.update(key.columns for key in source.keys(component))
            draft.children.update(
                table_of(source.business_name(found.components[child.component])) for child in component.children
            )
    _check_named(source)
    for name, facts in source.facts.business_components.items():
        draft = drafts.setdefault(table_of(name), _Draft(name))
        draft.name = name
        draft.searches |= facts.searches
        draft.views |= {squeezed(view): field for view, field in facts.views.items()}
        for field_name, said in facts.fields.items():
            draft.know(field_name, said)


def _check_named(source: _Source) -> None:
    known = {component.tag for found in source.objects.values() for component in found.components.values()}
    if unknown := set(source.facts.components) - known:
        raise RepositoryError(f"{source.contract.name}: there is no component {', '.join(sorted(unknown))}")


def _object(source: _Source, found: IntegrationObject, business: Mapping[str, BusinessComponent]) -> Object:
    made = {key: _component(source, each, business) for key, each in found.components.items()}
    for key, each in found.components.items():
        made[key].children.update((child.container, made[child.component]) for child in each.children)
    return Object(found.name, found.element, made[found.root], found.attributes)


def _component(source: _Source, found: SchemaComponent, business: Mapping[str, BusinessComponent]) -> Component:
    facts = source.about(found)
    fields = tuple(
        Field(each.tag, each.element, column_of(source.field_name(found, each)), each.kind) for each in found.fields
    )
    _check_distinct(source, found, fields)
    return Component(
        name=facts.name or found.tag,
        tag=found.tag,
        element=found.element,
        business=business[table_of(source.business_name(found))],
        fields=fields,
        user_keys=tuple(source.keys(found)),
        status_key=_status(facts, fields),
        modification_key=tuple(column_of(name) for name in facts.modification_key),
        primary=facts.primary and column_of(facts.primary),
        order=found.order,
        attributes=found.attributes,
        types=found.types,
        refuses=frozenset(facts.refuses),
    )


def _status(facts: ComponentFacts, fields: tuple[Field, ...]) -> tuple[str, ...] | None:
    """Give the tags of the status key; None leaves the component out of a status object."""
    if facts.status_key is False:
        return None
    names = _DEFAULT_STATUS if facts.status_key is None else facts.status_key
    columns = {column_of(name) for name in names}
    return tuple(each.tag for each in fields if each.column in columns)


def _check_distinct(source: _Source, found: SchemaComponent, fields: tuple[Field, ...]) -> None:
    columns = [each.column for each in fields if each.column not in SYSTEM]
    if len(set(columns)) != len(columns):
        raise RepositoryError(f"{source.contract.name}: two fields of {found.tag} differ by signs only")
