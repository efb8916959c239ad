"""Seeding: customers with all that is theirs, a thousand to a transaction, past the rules and without events.

What is made is what the adapter would have let in (a test writes every object back). Every database gets the same
customers in the same order, each by its own dice: the first 300 of 100,000 are the 300 of a small one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from siebel_sim.components import column_of
from siebel_sim.seed import demo
from siebel_sim.seed.accounts import add_account
from siebel_sim.seed.assets import add_assets
from siebel_sim.seed.batch import Batch, new_ids
from siebel_sim.seed.care import add_ticket
from siebel_sim.seed.catalogue import BROADBAND
from siebel_sim.seed.customers import CYCLE, TODAY, customer
from siebel_sim.seed.holdings import holdings
from siebel_sim.seed.orders import Order, add_order, add_work_order
from siebel_sim.store import Session, Store

DEFAULT = 300
"""Customers, when nothing else is said."""

_AT_A_TIME = 50 * CYCLE
"""Customers in a transaction; a corporation is never divided."""

_FIRST_ORDER, _FIRST_WORK_ORDER, _FIRST_TICKET = 20_000_000, 60_000_000, 40_000_000
_WITH_TICKET = 0.3
_SEEDED = "account-SC-"
"""What the Integration Ids of seeded accounts begin with."""


Progress = Callable[[int, int], None]
"""Told after every transaction: customers made, customers wanted."""


class AlreadySeeded(Exception):
    """There are accounts already: seeds are made into an empty database, or added when that is asked for."""


class NothingToSeed(ValueError):
    """No contract that is served has accounts."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was made: customers, records by business component, and the seconds it took."""

    customers: int
    records: Mapping[str, int]
    seconds: float

    @property
    def rate(self) -> float:
        """Customers a second."""
        return self.customers / self.seconds if self.seconds else 0.0


def _quiet(_made: int, _wanted: int) -> None:
    """Tell nobody."""


def seed(store: Store, *, customers: int = DEFAULT, add: bool = False, progress: Progress = _quiet) -> Counts:
    """Make ``customers`` accounts with all that is theirs, the demo's two first; with ``add`` beside what is there.

    Raises AlreadySeeded when there are accounts and ``add`` is not said, NothingToSeed when no contract has accounts.
    What was committed before an error stays.
    """
    started, records = time.monotonic(), Counter[str]()
    with store.writing(datetime.now(UTC)) as session:
        _check(session, add=add)
        begin, known = _next_ordinal(session), demo.missing(session)[:customers]
        for each in known:
            records.update(demo.add_known(session, each).write())
        made = len(known) + _plant(session, begin, customers - len(known), records)
    progress(made, customers)
    while made < customers:
        with store.writing(datetime.now(UTC)) as session:
            made += _plant(session, begin + made - len(known), customers - made, records)
        progress(made, customers)
    return Counts(made, dict(records), time.monotonic() - started)


def seed_when_empty(store: Store, *, customers: int = DEFAULT, progress: Progress = _quiet) -> Counts | None:
    """Seed a database that has no accounts; None when it has some. Of several processes at once, one does."""
    try:
        return seed(store, customers=customers, progress=progress)
    except AlreadySeeded:
        return None


def _check(session: Session, *, add: bool) -> None:
    try:
        account = session.business("Account")
    except KeyError as error:
        raise NothingToSeed("no contract that is served has accounts") from error
    if not add and session.by_columns(account, {}, limit=1):
        raise AlreadySeeded("there are accounts already")


def _next_ordinal(session: Session) -> int:
    """Give the first customer that was never made: of a cycle that was begun, the rest is left out."""
    last = session.last(session.business("Account"), column_of("Integration Id"), _SEEDED)
    return 0 if last is None else -(-int(last.removeprefix(_SEEDED)) // CYCLE) * CYCLE


def _plant(session: Session, ordinal: int, wanted: int, records: Counter[str]) -> int:
    """Make some customers from the one at ``ordinal`` on; how many."""
    count = min(_AT_A_TIME, wanted)
    batch = Batch(session, new_ids(session))
    for each in range(ordinal, ordinal + count):
        _add_customer(batch, each)
    records.update(batch.write())
    return count


def _add_customer(batch: Batch, ordinal: int) -> None:
    who, random = customer(ordinal)
    account = add_account(batch, who, random)
    held = holdings(who, random)
    if not held:
        return
    day = random.randrange(who.since, TODAY - 7)
    assets = add_assets(batch, account, held, day)
    order = Order(f"1-{_FIRST_ORDER + ordinal}", day)
    add_order(batch, account, order, held)
    fixed = [each for plan in held for each in plan.below if each.product is BROADBAND]
    if fixed:
        add_work_order(batch, account, f"1-{_FIRST_WORK_ORDER + ordinal}", order, fixed)
    if random.random() < _WITH_TICKET:
        service = held[0].below[0]
        add_ticket(batch, account, f"1-{_FIRST_TICKET + ordinal}", (service, assets[service.key]), random)
