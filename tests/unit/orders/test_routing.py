"""The decision table, cell by cell: the expected cells are written here from seed 003, not taken from the code."""

from __future__ import annotations

from itertools import product as cells

import pytest

from gateway.domain.codes import Action, BillingMode, FulfillmentMode, ProductType
from gateway.domain.order import family
from gateway.domain.routing import NOT_BILLED_YET, RULES, TABLE, Route, is_penalty, refuse_unserved, route
from gateway.errors import BusinessError, Contradiction
from tests.unit.orders.orders import line, order, under

BUNDLE, ITEM, PROMOTION = ProductType.SERVICE_BUNDLE, ProductType.ITEM, ProductType.PROMOTION
BILLED = ["SERVICE BUNDLE", "SUBSCRIPTION", "SYSTEM", "DISCOUNT", "ITEM"]
CHANGES = ["UPDATE", "DELETE", "SUSPEND", "RESUME", "MOVE-ADD"]


def expected(action: str, fulfillment: str, billing: str, product: str) -> Route | None:
    """Say what seed 003 and DECISIONS.md say; None = it means nothing."""
    initiate = billing == "INITIATE BILLING"
    if action in {"NONE", "MOVE-DELETE"} or product in {"PROMOTION", "EVENT"}:
        return Route.NOTHING
    if action != "ADD" and initiate:
        return Route.NOTHING
    if product in {"SPECIAL RATING", "SPONSORSHIP"}:
        return Route.NOT_YET if fulfillment == "DO" else None
    if action == "ADD" and fulfillment == "DO":
        return Route.ADD
    if action == "ADD":
        return Route.NOT_YET if initiate else None
    return Route.NOT_YET if fulfillment == "DO" else None


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("billing", BillingMode)
def test_every_cell_goes_where_the_seed_says(action: Action, billing: BillingMode) -> None:
    for fulfillment, product in cells(FulfillmentMode, ProductType):
        one = line(1, product, action=action, fulfillment=fulfillment, billing=billing)
        wanted = expected(action, fulfillment, billing, product)
        if wanted is None:
            with pytest.raises(
                Contradiction, match=f"'{action}'.*'{fulfillment}'.*'{billing}' means nothing"
            ) as refused:
                route(one, family(order(one)))
            assert refused.value.element == one.path("ActionCode")
        else:
            assert route(one, family(order(one))).route is wanted


def test_every_rule_rules_a_cell() -> None:
    assert set(map(id, RULES)) == {id(rule) for rule in TABLE.values()}


@pytest.mark.parametrize("action", [a for a in Action if a not in {Action.ADD, Action.NONE, Action.MOVE_DELETE}])
def test_what_a_later_release_bills_is_refused_naming_line_element_and_value(action: Action) -> None:
    one = line(1, ProductType.SUBSCRIPTION, action=action, billing=BillingMode.FULFILL)
    with pytest.raises(
        BusinessError, match=f"line 1 .line-0001.: ActionCode '{action}'.*not billed by this release"
    ) as no:
        refuse_unserved(route(one, family(order(one))))
    assert (no.value.code, no.value.element) == (NOT_BILLED_YET, one.path("ActionCode"))


@pytest.mark.parametrize("action", [Action.NONE, *(Action(name) for name in CHANGES)])
@pytest.mark.parametrize("product", [BUNDLE, PROMOTION])
@pytest.mark.parametrize("through", ["parent", "promotion"])
def test_an_item_added_to_something_that_changes_is_a_penalty(
    action: Action, product: ProductType, through: str
) -> None:
    changed = line(1, product, action=action)
    for billing, wanted in ((BillingMode.INITIATE, Route.NOTHING), (BillingMode.FULFILL, Route.NOT_YET)):
        item = line(2, ITEM, billing=billing, **{through: changed.id})
        related = family(order(changed, item))
        assert is_penalty(item, related)
        assert route(item, related).route is wanted


def test_an_item_deep_inside_a_changing_bundle_is_a_penalty() -> None:
    bundle = line(1, BUNDLE, action=Action.UPDATE)
    component = line(2, ProductType.SUBSCRIPTION, parent=bundle.id)
    assert is_penalty(
        line(3, ITEM, parent=component.id), family(order(bundle, component, line(3, ITEM, parent=component.id)))
    )


def test_an_item_of_a_new_bundle_or_of_the_account_is_no_penalty() -> None:
    bundle = line(1, BUNDLE)
    lines = (bundle, under(bundle, 2, ITEM), line(3, ITEM), line(4, ITEM, promotion="not-in-this-order"))
    related = family(order(*lines))
    assert [is_penalty(one, related) for one in lines] == [False] * 4
    assert [route(one, related).route for one in lines] == [Route.ADD] * 4


def test_a_subscription_added_to_a_changing_bundle_goes_to_add() -> None:
    bundle = line(1, BUNDLE, action=Action.NONE)
    added = under(bundle, 2, ProductType.SUBSCRIPTION)
    assert route(added, family(order(bundle, added))).route is Route.ADD


def test_a_missing_billing_mode_matters_only_where_a_mode_bills() -> None:
    silent = line(1, PROMOTION, billing=None)
    assert route(silent, family(order(silent))).route is Route.NOTHING
    billed = line(1, BUNDLE, billing=None)
    with pytest.raises(Contradiction, match="BillingMode is missing") as refused:
        route(billed, family(order(billed)))
    assert refused.value.element == billed.path("BillingMode")
