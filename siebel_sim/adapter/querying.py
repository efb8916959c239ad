"""Querying: by row id, search specification and example, all at once; children at every level in one step each."""

from __future__ import annotations

from collections.abc import Sequence

from siebel_sim.adapter.arguments import Arguments, Page
from siebel_sim.adapter.keys import first_key
from siebel_sim.errors import BAD_ARGUMENT, NO_USER_KEY, TOO_MANY, SiebelError
from siebel_sim.messages import Instance, Record
from siebel_sim.repository import Component
from siebel_sim.search import ANYTHING, All, AnyOf, Compare, Condition, Operator, read_search, read_sort, read_value
from siebel_sim.store import Session


def roots(arguments: Arguments, instances: Sequence[Instance], *, by_user_key: bool = False) -> Condition:
    """Give what root records have to satisfy: row id, specification, and one of the examples. ANYTHING is all.

    A predefined query takes the place of the examples; a view mode leaves what is the caller's own.
    """
    business = arguments.root.business
    parts: list[Condition] = []
    if row_id := arguments.text("PrimaryRowId"):
        parts.append(Compare("Id", Operator.EQ, row_id))
    if spec := arguments.text("SearchSpec"):
        parts.append(read_search(spec))
    if own := business.views.get(arguments.view):
        parts.append(Compare(own, Operator.EQ, arguments.caller))
    if named := arguments.text("NamedSearchSpec"):
        if named not in business.searches:
            raise SiebelError(BAD_ARGUMENT.said("NamedSearchSpec", "no predefined query"))
        parts.append(read_search(business.searches[named]))
    else:
        parts.append(_some(instances, by_user_key=by_user_key))
    return _all(parts)


def find(
    session: Session,
    arguments: Arguments,
    instances: Sequence[Instance],
    condition: Condition,
    page: Page | None = None,
) -> tuple[list[Record], bool]:
    """Find root records with all that is below them, and tell whether there are no more behind this page.

    SiebelError when a query without pages finds more than Siebel fetches.
    """
    root = instances[0].component if instances else arguments.root
    sort = read_sort(arguments.text("SortSpec")) or next((each.sorts for each in instances if each.sorts), ())
    limit = arguments.maximum_records + 1 if page is None else page.size + 1
    rows = session.find(root, condition, sort=sort, limit=limit, offset=page.start if page else 0)
    if page is None and len(rows) > arguments.maximum_records:
        raise SiebelError(TOO_MANY.said())
    is_last = page is None or len(rows) <= page.size
    shown = rows if page is None else rows[: page.size]
    records = [Record(root, row, asked=_asked(arguments, instances)) for row in shown]
    fill(session, arguments, root, records, instances)
    return records, is_last


def fill(
    session: Session,
    arguments: Arguments,
    component: Component,
    records: Sequence[Record],
    instances: Sequence[Instance],
) -> None:
    """Read what is below ``records``; examples of children filter the children, never the parents."""
    above = {record.row_id: record for record in records}
    for child in component.children.values() if above else ():
        if arguments.is_ui and not any(child.tag in instance.children for instance in instances):
            continue
        examples = [example for instance in instances for example in instance.children.get(child.tag, ())]
        restricted = all(instance.children.get(child.tag) for instance in instances)
        condition = _some(examples) if restricted else ANYTHING
        found: list[Record] = []
        for row_id, rows in session.below(child, list(above), condition).items():
            parent, asked = above[row_id], _asked(arguments, examples)
            primary = parent.row.get(child.primary or "")
            parent.children[child.tag] = [
                Record(child, row, asked=asked, primary=row["row_id"] == primary) for row in rows
            ]
            found += parent.children[child.tag]
        fill(session, arguments, child, found, examples)


def example(instance: Instance) -> Condition:
    """Give what one example asks for: every field that says something, and its own search specification."""
    parts: list[Condition] = [read_value(tag, text) for tag, text in instance.values.items() if text]
    if instance.spec.strip():
        parts.append(read_search(instance.spec))
    return _all(parts)


def by_key(instance: Instance) -> Condition:
    """Give what the user key of an example asks for; SiebelError when it has none."""
    key = first_key(instance)
    if key is None:
        raise SiebelError(NO_USER_KEY.said(instance.component.name))
    given, business = instance.columns(), instance.component.business
    names = {column: business.field(column).name for column in key.columns}
    return _all([Compare(names[column], Operator.EQ, given[column]) for column in key.columns])


def _some(instances: Sequence[Instance], *, by_user_key: bool = False) -> Condition:
    conditions = [by_key(each) if by_user_key else example(each) for each in instances]
    if not conditions or ANYTHING in conditions:
        return ANYTHING
    return conditions[0] if len(conditions) == 1 else AnyOf(tuple(conditions))


def _all(parts: Sequence[Condition]) -> Condition:
    told = [part for part in parts if part != ANYTHING]
    return told[0] if len(told) == 1 else All(tuple(told))


def _asked(arguments: Arguments, instances: Sequence[Instance]) -> frozenset[str] | None:
    """Name the fields to answer: those that the examples name, be they empty, where only those are wanted."""
    if not arguments.is_ui or not instances:
        return None
    return frozenset(tag for instance in instances for tag in instance.values)
