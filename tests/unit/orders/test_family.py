"""Lines take from the lines above them what they do not say themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.codes import ProductType
from gateway.domain.order import PARENT, ROOT_PARENT, Line, Parties, family
from gateway.errors import Contradiction
from tests.unit.orders.orders import line, named, order, parties, under

BUNDLE, SUBSCRIPTION = ProductType.SERVICE_BUNDLE, ProductType.SUBSCRIPTION


def test_a_line_inherits_what_it_lacks_from_the_nearest_line_above() -> None:
    bundle = line(1, BUNDLE, parties=parties(1, account=2, payer=3))
    own = Parties(billing_profile=named(2, "profile", "billprof-0009"))
    child = under(bundle, 2, SUBSCRIPTION, parties=own)
    grandchild = under(child, 3, SUBSCRIPTION)
    found = family(order(bundle, child, grandchild)).parties
    assert found[child.id] == replace(bundle.parties, billing_profile=own.billing_profile)
    assert found[grandchild.id] == found[child.id]


def test_the_customer_of_the_order_stands_in_last() -> None:
    alone = order(line(1, SUBSCRIPTION))
    assert family(alone).parties["line-0001"] == Parties(alone.account, alone.account, None)


def test_a_line_belongs_to_the_nearest_bundle_however_deep() -> None:
    outer = line(1, BUNDLE)
    inner = under(outer, 2, BUNDLE)
    deep: list[Line] = [under(inner, 3, SUBSCRIPTION)]
    for position in range(4, 400):
        deep.append(replace(line(position, SUBSCRIPTION), parent=deep[-1].id, root=outer.id))
    alone = line(400, SUBSCRIPTION)
    related = family(order(*reversed(deep), alone, inner, outer))
    assert {related.bundle[one.id] for one in deep} == {inner.id}
    assert (related.bundle_of(inner), related.bundle_of(alone)) == (inner, None)


def test_a_child_is_found_by_its_root_when_it_names_no_parent() -> None:
    bundle = line(1, BUNDLE, root="line-0001")
    child = line(2, SUBSCRIPTION, root=bundle.id)
    assert family(order(child, bundle)).bundle_of(child) == bundle


def test_an_id_used_twice_is_refused_naming_both_lines() -> None:
    twins = order(line(1, BUNDLE), line(2, SUBSCRIPTION, id="line-0001"))
    with pytest.raises(Contradiction, match="'line-0001' names both line 1 and line 2") as refused:
        family(twins)
    assert refused.value.element == twins.lines[1].path("Identification")


@pytest.mark.parametrize(("field", "element"), [("parent", PARENT), ("root", ROOT_PARENT)])
def test_a_parent_that_is_no_line_of_the_order_is_refused(field: str, element: str) -> None:
    orphan = line(1, SUBSCRIPTION, **{field: "line-0099"})
    with pytest.raises(Contradiction, match=f"{element} 'line-0099' is not a line of this order") as refused:
        family(order(orphan))
    assert refused.value.element == orphan.path(element)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_parents_in_a_circle_are_refused(length: int) -> None:
    lines = [line(n, SUBSCRIPTION, parent=f"line-{n % length + 1:04}") for n in range(1, length + 1)]
    with pytest.raises(Contradiction, match="its parents form a circle") as refused:
        family(order(*lines, line(9, SUBSCRIPTION, parent="line-0001")))
    assert PARENT in (refused.value.element or "")
