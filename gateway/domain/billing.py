"""What the Add subprocess has to do for the lines routed to it: which lines are new, how they group, and from when.

Decisions only; ``transforms.flists`` writes them down for BRM.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gateway.domain.codes import BillingMode, LineStatus, ProductType
from gateway.domain.ledger import LineKey, LineRecord
from gateway.domain.order import Dates, Family, Line, Order, Parties
from gateway.errors import Contradiction

SCHEDULE = "FulfillmentOrderSchedule"
ITEM = "ItemReference/ItemIdentification"
_SERVICE_TYPE = re.compile(r"/service(/\w+)+")


@dataclass(frozen=True, slots=True)
class DateRules:
    """How far ahead INITIATE BILLING dates purchases, and from where on a date counts as "not begun".

    ``threshold`` is AIA's FutureTimeThresholdForBillingDates (8640 h); an initiated date must lie beyond it.
    """

    initiate_after: timedelta = timedelta(days=365)
    threshold: timedelta = timedelta(hours=8640)

    def __post_init__(self) -> None:
        if self.initiate_after <= self.threshold:
            raise ValueError("dates of INITIATE BILLING must lie beyond FutureTimeThresholdForBillingDates")


USUAL_DATES = DateRules()


class Task(StrEnum):
    """What is left to do for a line, as the line ledger tells it."""

    BUY = "buy"
    REDATE = "set the real dates"
    DONE = "done already"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A service to create with all that is bought for it, at whatever depth it stood."""

    line: Line
    offerings: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ServiceGroup:
    """The service bundles of one service account and billing profile: one CUST_MODIFY_CUSTOMER."""

    parties: Parties
    bundles: tuple[Bundle, ...]


@dataclass(frozen=True, slots=True)
class DealGroup:
    """What is bought together without a new service: one SUBSCRIPTION_PURCHASE_DEAL.

    ``service`` is the bundle, already in BRM, that it is for; None at account level, where ``balance_group`` may hint
    at one.
    """

    parties: Parties
    service: Line | None
    balance_group: str
    offerings: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class DateGroup:
    """Initiated offerings of one account and service that get their real dates: one SET_PRODINFO or …DISCOUNTINFO."""

    parties: Parties
    service: Line | None
    discounts: bool
    offerings: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """All that is to do for an order, each line once. ``tasks`` are by line id."""

    tasks: Mapping[str, Task]
    services: tuple[ServiceGroup, ...]
    deals: tuple[DealGroup, ...]
    dates: tuple[DateGroup, ...]


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of a line; ``poid`` is what BRM calls it (without revision), empty for none."""

    line: Line
    status: LineStatus
    description: str
    poid: str = ""


def check_new(line: Line) -> None:
    """Check what buying a line needs and the schema leaves open; raises Contradiction naming line and element."""
    service = line.product is ProductType.SERVICE_BUNDLE
    instance = f"{SCHEDULE}/FulfillmentOrderItemInstance/Identification/ID"
    rules = (
        (line.quantity > 0, "OrderQuantity", "must be more than 0"),
        (not service or line.quantity == 1, "OrderQuantity", "of a service must be 1: each service has its own line"),
        (not service or bool(line.service_id), instance, "is missing: a service needs its service id"),
        (
            not service or _SERVICE_TYPE.fullmatch(line.permitted_type) is not None,
            "ItemReference/ClassificationCode[@listID='PermittedTypeCode']",
            f"'{line.permitted_type}' is no type of service (/service/…)",
        ),
        (service or line.item is not None, f"{ITEM}/BusinessComponentID", "is missing: there is no product to buy"),
    )
    for kept, element, rule in rules:
        if not kept:
            raise Contradiction(f"{line.who}: {element} {rule}", element=line.path(element))


def line_key(order: Order, line: Line) -> LineKey:
    """Return by what the ledger knows this work on this line."""
    return LineKey(line.id, order.revision, line.billing.value if line.billing else "", line.fulfillment.value)


def task_of(line: Line, records: Iterable[LineRecord], brm: str) -> Task:
    """Return what is left to do for a line, from what the ledger says was done for it in ``brm``.

    A line that was interfaced to BRM before, in whatever revision of the order, is never bought again (seed 003).
    Raises Contradiction for INITIATE BILLING of a line that has been fulfilled.
    """
    done = {record.key.billing_mode for record in records if record.brm == brm}
    if line.billing in done:
        return Task.DONE
    if BillingMode.FULFILL in done:
        text = f"{line.who}: BillingMode '{line.billing}' comes after '{BillingMode.FULFILL}', which is done"
        raise Contradiction(text, element=line.path("BillingMode"))
    return Task.REDATE if BillingMode.INITIATE in done else Task.BUY


def work_of(lines: Sequence[Line], tasks: Mapping[str, Task], family: Family) -> Work:
    """Group the lines routed to Add.

    Two transforms, as in seed 003: service bundles with all their children by service account and billing profile,
    then everything bought without a new service, by account, billing profile and service. Purchases without a new
    service share a call because one deal is one purchase in BRM: it is validated, priced and packaged as a whole, and
    an order of a thousand lines does not make a thousand round trips.
    """
    buy = [line for line in lines if tasks[line.id] is Task.BUY]
    new = {line.id for line in buy if line.product is ProductType.SERVICE_BUNDLE}
    inside = [line for line in buy if family.bundle.get(line.id) in new]
    outside = [line for line in buy if family.bundle.get(line.id) not in new]
    redate = [line for line in lines if tasks[line.id] is Task.REDATE]
    return Work(tasks, _service_groups(inside, family), _deal_groups(outside, family), _date_groups(redate, family))


def _service_groups(lines: Sequence[Line], family: Family) -> tuple[ServiceGroup, ...]:
    offerings: dict[str, list[Line]] = {}
    for line in lines:
        inside = offerings.setdefault(family.bundle[line.id], [])
        if line.product is not ProductType.SERVICE_BUNDLE:
            inside.append(line)
    groups: dict[tuple[str, str], list[Bundle]] = {}
    for bundle, children in offerings.items():
        made = Bundle(family.lines[bundle], tuple(children))
        groups.setdefault(_payer(family.parties[bundle]), []).append(made)
    return tuple(ServiceGroup(family.parties[made[0].line.id], tuple(made)) for made in groups.values())


def _deal_groups(lines: Sequence[Line], family: Family) -> tuple[DealGroup, ...]:
    groups: dict[tuple[str, str, str, str], list[Line]] = {}
    for line in lines:
        bundle = family.bundle.get(line.id, "")
        payer = _payer(family.parties[bundle or line.id])
        hint = "" if bundle or line.balance_group is None else line.balance_group.poid
        groups.setdefault((*payer, bundle, hint), []).append(line)
    return tuple(
        DealGroup(family.parties[bundle or found[0].id], family.lines.get(bundle), hint, tuple(found))
        for (_, _, bundle, hint), found in groups.items()
    )


def _date_groups(lines: Sequence[Line], family: Family) -> tuple[DateGroup, ...]:
    """Group by account and service, discounts first: a product's first fee is charged with its date, discounted."""
    groups: dict[tuple[str, str, bool], list[Line]] = {}
    for line in lines:
        if line.product is ProductType.SERVICE_BUNDLE:
            continue
        bundle = family.bundle.get(line.id, "")
        account = _payer(family.parties[bundle or line.id])[0]
        groups.setdefault((account, bundle, line.product is ProductType.DISCOUNT), []).append(line)
    found = [
        DateGroup(family.parties[bundle or members[0].id], family.lines.get(bundle), discounts, tuple(members))
        for (_, bundle, discounts), members in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: not group.discounts))


def _payer(parties: Parties) -> tuple[str, str]:
    owner, profile = parties.service_account, parties.billing_profile
    return ("" if owner is None else owner.id, "" if profile is None else profile.id)


def dates_of(line: Line, now: datetime, rules: DateRules) -> Dates:
    """Return the dates to buy a line with, or to give it: ``purchase``, ``cycle`` and ``usage`` are always set.

    INITIATE BILLING dates everything far ahead and leaves the end open: an end that lies before such a start would be
    refused, so FULFILL BILLING sets it with the real dates. Raises Contradiction for a real date so far ahead that it
    would read as not begun, and for an end that is not after the start.
    """
    if line.billing is BillingMode.INITIATE:
        ahead = now + rules.initiate_after
        return Dates(purchase=ahead, cycle=ahead, usage=ahead)
    given = line.dates
    usual = given.delivered or now
    dates = Dates(given.purchase or usual, given.cycle or usual, given.usage or usual, end=given.end)
    _check_dates(line, dates, now + rules.threshold)
    return dates


def _check_dates(line: Line, dates: Dates, limit: datetime) -> None:
    named = (
        ("PurchaseDate", dates.purchase),
        ("CycleStartDateTime", dates.cycle),
        ("ServiceUsageStartDateTime", dates.usage),
    )
    for element, date in named:
        if date is not None and date > limit:
            text = (
                f"{line.who}: {element} {_text(date)} lies beyond FutureTimeThresholdForBillingDates ({_text(limit)})"
            )
            raise Contradiction(text, element=line.path(f"{SCHEDULE}/{element}"))
        if date is not None and dates.end is not None and dates.end <= date:
            text = f"{line.who}: EndDateTime {_text(dates.end)} is not after {element} {_text(date)}"
            raise Contradiction(text, element=line.path("EffectiveTimePeriod/EndDateTime"))


def _text(date: datetime) -> str:
    return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
