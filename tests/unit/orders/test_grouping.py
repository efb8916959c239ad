"""Grouping: every line once, together with what it belongs to, whatever the order of the lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import hypothesis.strategies as st
from hypothesis import given

from gateway.domain.billing import Task, Work, work_of
from gateway.domain.codes import ProductType
from gateway.domain.order import Family, Line, Order, Parties, family
from tests.unit.orders.orders import line, order, parties, renumbered, under
from tests.unit.orders.strategies import orders

BUNDLE, SUBSCRIPTION = ProductType.SERVICE_BUNDLE, ProductType.SUBSCRIPTION


def work(made: Order, tasks: Mapping[str, Task]) -> tuple[Work, Family]:
    related = family(made)
    return work_of(made.lines, tasks, related), related


def covered(found: Work) -> Counter[str]:
    lines = [one for group in found.services for bundle in group.bundles for one in (bundle.line, *bundle.offerings)]
    lines += [one for groups in (found.deals, found.dates) for group in groups for one in group.offerings]
    return Counter(one.id for one in lines)


def payer(found: Parties) -> tuple[str, str]:
    return found.owner.id, "" if found.billing_profile is None else found.billing_profile.id


def shape(found: Work) -> tuple[frozenset[object], ...]:
    """Return which lines stand together, without order."""
    return (
        frozenset(
            (payer(g.parties), frozenset((b.line.id, frozenset(o.id for o in b.offerings)) for b in g.bundles))
            for g in found.services
        ),
        frozenset(
            (payer(g.parties), g.service and g.service.id, frozenset(o.id for o in g.offerings)) for g in found.deals
        ),
        frozenset(
            (g.parties.owner.id, g.service and g.service.id, g.discounts, frozenset(o.id for o in g.offerings))
            for g in found.dates
        ),
    )


tasks_of = st.sampled_from(Task)


@given(orders(), st.data())
def test_every_line_with_work_left_is_in_exactly_one_group(made: Order, data: st.DataObject) -> None:
    tasks = {one.id: data.draw(tasks_of) for one in made.lines}
    found, _ = work(made, tasks)
    expected = {
        one.id
        for one in made.lines
        if tasks[one.id] is Task.BUY or (tasks[one.id] is Task.REDATE and one.product is not BUNDLE)
    }
    assert covered(found) == Counter(expected)


@given(orders(), st.data())
def test_the_order_of_lines_is_irrelevant(made: Order, data: st.DataObject) -> None:
    tasks = {one.id: data.draw(tasks_of) for one in made.lines}
    shuffled = renumbered(tuple(data.draw(st.permutations(made.lines))))
    again = order(*shuffled)
    assert shape(work(made, tasks)[0]) == shape(work(again, tasks)[0])


@given(orders())
def test_new_bundles_of_an_account_and_profile_are_one_call_with_all_their_children(made: Order) -> None:
    found, related = work(made, {one.id: Task.BUY for one in made.lines})
    payers = [payer(group.parties) for group in found.services]
    assert len(payers) == len(set(payers))
    for group in found.services:
        for bundle in group.bundles:
            assert payer(related.parties[bundle.line.id]) == payer(group.parties)
            inside = {one.id for one in made.lines if related.bundle.get(one.id) == bundle.line.id}
            assert {bundle.line.id, *(one.id for one in bundle.offerings)} == inside
    assert all(group.service is None for group in found.deals)


@given(orders())
def test_each_account_and_profile_buys_at_account_level_once(made: Order) -> None:
    found, related = work(made, {one.id: Task.BUY for one in made.lines})
    payers = [payer(group.parties) for group in found.deals]
    assert len(payers) == len(set(payers))
    alone = {one.id for one in made.lines if one.id not in related.bundle}
    assert {one.id for group in found.deals for one in group.offerings} == alone


def test_what_is_added_to_a_service_that_is_there_is_bought_for_that_service() -> None:
    bundle = line(1, BUNDLE)
    lines = (bundle, under(bundle, 2, SUBSCRIPTION), under(bundle, 3, ProductType.DISCOUNT), line(4, SUBSCRIPTION))
    done = {"line-0001": Task.DONE, "line-0002": Task.BUY, "line-0003": Task.BUY, "line-0004": Task.BUY}
    found, _ = work(order(*lines), done)
    assert [(group.service, group.offerings) for group in found.deals] == [(bundle, lines[1:3]), (None, lines[3:])]
    assert found.services == ()


def test_real_dates_are_set_a_call_for_each_service_discounts_before_what_they_reduce() -> None:
    first, second = line(1, BUNDLE), line(2, BUNDLE, parties=parties(2, 1))
    lines: tuple[Line, ...] = (
        first,
        second,
        under(first, 3, SUBSCRIPTION),
        under(first, 4, ProductType.DISCOUNT),
        under(first, 5, ProductType.ITEM),
        under(second, 6, SUBSCRIPTION),
        line(7, SUBSCRIPTION),
    )
    found, _ = work(order(*lines), {one.id: Task.REDATE for one in lines})
    grouped = [(g.service and g.service.id, g.discounts, [one.position for one in g.offerings]) for g in found.dates]
    assert grouped == [
        ("line-0001", True, [4]),
        ("line-0001", False, [3, 5]),
        ("line-0002", False, [6]),
        (None, False, [7]),
    ]
