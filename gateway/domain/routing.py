"""The decision table: which subprocess bills a line, if any (seed 003, ProvABCSImpl; DECISIONS.md, Billing).

The rules are data and the first that fits rules. A cell that no rule covers is a contradiction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product as cells
from typing import NamedTuple

from gateway.domain.codes import Action, BillingMode, FulfillmentMode, ProductType
from gateway.domain.order import Family, Line
from gateway.errors import BusinessError, Contradiction

NOT_BILLED_YET = "O2C_NOT_BILLED_BY_THIS_RELEASE"


class Route(StrEnum):
    """Where a line goes."""

    ADD = "Add"
    NOTHING = "no billing action"
    NOT_YET = "not billed by this release"


class Cell(NamedTuple):
    """What a line's route depends on. ``penalty``: see ``is_penalty``."""

    action: Action
    fulfillment: FulfillmentMode
    billing: BillingMode
    product: ProductType
    penalty: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: every cell of these actions, modes and product types takes ``route``, and ``why`` says it for people."""

    route: Route
    why: str
    actions: frozenset[Action] = frozenset(Action)
    fulfillment: frozenset[FulfillmentMode] = frozenset(FulfillmentMode)
    billing: frozenset[BillingMode] = frozenset(BillingMode)
    products: frozenset[ProductType] = frozenset(ProductType)
    penalty: frozenset[bool] = frozenset((False, True))

    def covered(self) -> list[Cell]:
        """Return the cells of this row."""
        axes = (self.actions, self.fulfillment, self.billing, self.products, self.penalty)
        return [Cell(*cell) for cell in cells(*axes)]


_ADD = frozenset({Action.ADD})
_DO = frozenset({FulfillmentMode.DO})
_INITIATE = frozenset({BillingMode.INITIATE})
_FULFILL = frozenset({BillingMode.FULFILL})
_PENALTY = frozenset({True})
BILLABLE = frozenset(
    {
        ProductType.SERVICE_BUNDLE,
        ProductType.SUBSCRIPTION,
        ProductType.SYSTEM,
        ProductType.DISCOUNT,
        ProductType.ITEM,
    }
)

RULES: tuple[Rule, ...] = (
    Rule(
        Route.NOTHING,
        "nothing changes, or only the original asset is named",
        actions=frozenset({Action.NONE, Action.MOVE_DELETE}),
    ),
    Rule(
        Route.NOTHING,
        "a promotion or an event is not bought by itself",
        products=frozenset({ProductType.PROMOTION, ProductType.EVENT}),
    ),
    Rule(
        Route.NOTHING,
        "INITIATE BILLING bills only what is added",
        actions=frozenset(Action) - _ADD,
        billing=_INITIATE,
    ),
    Rule(
        Route.NOTHING,
        "a penalty is billed with the change it is for, in FULFILL BILLING",
        actions=_ADD,
        billing=_INITIATE,
        products=frozenset({ProductType.ITEM}),
        penalty=_PENALTY,
    ),
    Rule(
        Route.NOT_YET,
        "special rating lists and sponsorships",
        fulfillment=_DO,
        products=frozenset({ProductType.SPECIAL_RATING, ProductType.SPONSORSHIP}),
    ),
    Rule(
        Route.NOT_YET,
        "a penalty on a change of a bundle or promotion",
        actions=_ADD,
        fulfillment=_DO,
        products=frozenset({ProductType.ITEM}),
        penalty=_PENALTY,
    ),
    Rule(Route.ADD, "Add", actions=_ADD, fulfillment=_DO, products=BILLABLE),
    Rule(
        Route.NOT_YET,
        "a revised ADD: Update",
        actions=_ADD,
        fulfillment=frozenset({FulfillmentMode.REDO}),
        billing=_INITIATE,
        products=BILLABLE,
    ),
    Rule(
        Route.NOT_YET,
        "an ADD taken back: Delete",
        actions=_ADD,
        fulfillment=frozenset({FulfillmentMode.UNDO}),
        billing=_INITIATE,
        products=BILLABLE,
    ),
    Rule(
        Route.NOT_YET,
        "Suspend and Resume",
        actions=frozenset({Action.SUSPEND, Action.RESUME}),
        fulfillment=_DO,
        billing=_FULFILL,
        products=BILLABLE,
    ),
    Rule(Route.NOT_YET, "Delete", actions=frozenset({Action.DELETE}), fulfillment=_DO, billing=_FULFILL),
    Rule(Route.NOT_YET, "Update", actions=frozenset({Action.UPDATE}), fulfillment=_DO, billing=_FULFILL),
    Rule(Route.NOT_YET, "MoveAdd", actions=frozenset({Action.MOVE_ADD}), fulfillment=_DO, billing=_FULFILL),
)


def _compile(rules: tuple[Rule, ...]) -> Mapping[Cell, Rule]:
    table: dict[Cell, Rule] = {}
    for rule in rules:
        for cell in rule.covered():
            table.setdefault(cell, rule)
    return table


TABLE: Mapping[Cell, Rule] = _compile(RULES)
"""Every cell that means something, and the row that rules it."""


def _needs_no_mode(action: Action, product: ProductType) -> bool:
    found = (TABLE.get(Cell(action, FulfillmentMode.DO, mode, product, penalty=False)) for mode in BillingMode)
    return all(rule is not None and rule.route is Route.NOTHING for rule in found)


_MODELESS = frozenset(pair for pair in cells(Action, ProductType) if _needs_no_mode(*pair))
"""What needs no billing mode, because no mode bills it."""


@dataclass(frozen=True, slots=True)
class Routed:
    """A line, where it goes, and why."""

    line: Line
    route: Route
    why: str


def is_penalty(line: Line, family: Family) -> bool:
    """Whether a line is a one-time charge for a change of something that is there already (DECISIONS.md, Billing).

    That is an ADD of an ITEM that refers to a bundle or promotion line whose action is not ADD.
    """
    return (
        line.action is Action.ADD
        and line.product is ProductType.ITEM
        and any(
            other.action is not Action.ADD and other.product in {ProductType.SERVICE_BUNDLE, ProductType.PROMOTION}
            for other in family.referred(line)
        )
    )


def route(line: Line, family: Family) -> Routed:
    """Return where a line goes.

    Raises Contradiction for a combination of codes that means nothing, and for a missing billing mode where one
    matters; ``refuse_unserved`` refuses what this release does not bill.
    """
    if line.billing is None:
        if (line.action, line.product) in _MODELESS:
            return Routed(line, Route.NOTHING, "nothing to bill")
        raise Contradiction(
            f"{line.who}: BillingMode is missing, here and on the order", element=line.path("BillingMode")
        )
    cell = Cell(line.action, line.fulfillment, line.billing, line.product, is_penalty(line, family))
    rule = TABLE.get(cell)
    if rule is None:
        raise Contradiction(
            f"{line.who}: ActionCode '{line.action}' with FulfillmentModeCode '{line.fulfillment}' and BillingMode "
            f"'{line.billing}' means nothing for a {line.product}",
            element=line.path("ActionCode"),
        )
    return Routed(line, rule.route, rule.why)


def refuse_unserved(routed: Routed) -> None:
    """Raise BusinessError, naming line, element and value, for a line that this release does not bill."""
    if routed.route is not Route.NOT_YET:
        return
    line = routed.line
    raise BusinessError(
        f"{line.who}: ActionCode '{line.action}' with FulfillmentModeCode '{line.fulfillment}' and BillingMode "
        f"'{line.billing}' of a {line.product} is not billed by this release ({routed.why})",
        code=NOT_BILLED_YET,
        element=line.path("ActionCode"),
    )
