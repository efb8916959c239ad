"""Any order that Add can bill: bundles in bundles, components at any depth, account-level lines, several payers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import strategies as st

from gateway.domain.codes import BillingMode, PriceType, ProductType
from gateway.domain.order import BalanceGroup, Charge, Dates, Line, Order, Parties
from tests.unit.orders.orders import line, order, parties, renumbered

_OFFERINGS = (ProductType.SUBSCRIPTION, ProductType.ITEM, ProductType.DISCOUNT, ProductType.SYSTEM)
_moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - aware by timezones=
    lambda moment: moment.replace(microsecond=0)
)
_money = st.decimals(0, 10**6, places=2)


@st.composite
def orders(draw: st.DrawFn, most: int = 12) -> Order:
    """Draw an order; every line may hang under any line before it, or under none."""
    lines: list[Line] = []
    for position in range(1, draw(st.integers(1, most)) + 1):
        lines.append(draw(_lines(position, lines)))
    return order(*renumbered(tuple(lines)))


@st.composite
def _lines(draw: st.DrawFn, position: int, before: list[Line]) -> Line:
    product = draw(st.sampled_from((ProductType.SERVICE_BUNDLE, *_OFFERINGS)))
    above = draw(st.one_of(st.none(), st.sampled_from(before))) if before else None
    made = line(position, product, billing=draw(st.sampled_from(BillingMode)))
    own = draw(st.one_of(st.just(Parties()), st.integers(1, 3).map(lambda n: parties(position, n))))
    made = replace(made, parties=own)
    return made if above is None else replace(made, parent=above.id, root=above.root or above.id)


@st.composite
def rich_orders(draw: st.DrawFn) -> Order:
    """Draw an order whose lines say everything a line can say."""
    made = draw(orders(most=5))
    lines = tuple(
        replace(
            one,
            quantity=draw(st.decimals(Decimal("0.01"), 1000, places=2)),
            promotion=draw(st.sampled_from([None, "line-0001", "elsewhere"])),
            original=draw(st.sampled_from([None, "line-of-revision-0"])),
            dates=draw(_dates),
            charges=tuple(
                draw(_charges(one.path(f"FulfillmentOrderSchedule/FulfillmentOrderScheduleCharge[{n}]")))
                for n in range(1, draw(st.integers(0, 3)) + 1)
            ),
            balance_group=draw(_balance_groups),
        )
        for one in made.lines
    )
    return replace(made, lines=lines)


_dates = st.builds(Dates, *(st.one_of(st.none(), _moments) for _ in range(5)))
_balance_groups = st.sampled_from(
    [
        None,
        BalanceGroup(poid="0.0.0.1 /balance_group 77"),
        BalanceGroup(name="Shared"),
        BalanceGroup(name="Own", own=True),
    ]
)


def _charges(path: str) -> st.SearchStrategy[Charge]:
    maybe = st.one_of(st.none(), _money)
    return st.builds(Charge, st.one_of(st.none(), st.sampled_from(PriceType)), maybe, maybe, maybe, st.just(path))
