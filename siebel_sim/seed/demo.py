"""The two customers that the gateway's demo makes in BRM, as Siebel knows them: same names, addresses, numbers.

Their row ids never change, whatever else was made before (they lie below the first that Siebel gives by itself):

=========  ===============  =======  ==============================  ========
customer   record           row id   Integration Id                  also
=========  ===============  =======  ==============================  ========
TC-1001    account          1-TC1    account-TC-1001
           address          1-TC2    address-TC-1001                 primary
           contact          1-TC3    contact-TC-1001-1               primary
           billing profile  1-TC4    billing-profile-TC-1001         primary
           mobile service   1-TC5    asset-1-10001-mobile            447700900123
           order            1-TCC    order-1-10001
TC-1002    account          1-TD1    account-TC-1002 …               the same, from 1-TD1 on
=========  ===============  =======  ==============================  ========

BRM knows no telephone number, no mail address and no county of theirs, so Siebel does not either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from siebel_sim.components import column_of
from siebel_sim.row_id import number_of, row_id
from siebel_sim.seed.accounts import add_account
from siebel_sim.seed.assets import add_assets
from siebel_sim.seed.batch import Batch
from siebel_sim.seed.catalogue import HANDSET_FEE, LOYALTY, MOBILE, PAPER_BILL, UNLIMITED
from siebel_sim.seed.customers import TODAY, Address, Customer, Kind, Level, Person
from siebel_sim.seed.holdings import Attribute, Holding
from siebel_sim.seed.orders import Order, add_order
from siebel_sim.store import Session

_ORDERED = date(2026, 10, 20).toordinal()


@dataclass(frozen=True, slots=True)
class Known:
    """A customer of the demo: who it is, its order and telephone number, and its first row id."""

    customer: Customer
    order: str
    telephone: str
    first_row_id: str


def _known(ordinal: int, person: Person, address: Address, telephone: str, first_row_id: str) -> Known:
    number, name = f"TC-{1001 + ordinal}", f"{person.first} {person.last}"
    since = date(2026, 9, 1).toordinal()
    customer = Customer(number, Kind.RESIDENTIAL, Level.CUSTOMER, name, (address,), (person,), since, ordinal)
    return Known(customer, f"1-{10001 + ordinal}", telephone, first_row_id)


KNOWN = (
    _known(
        0,
        Person("Ms.", "Ada", "Jones", "F", date(1988, 12, 10)),
        Address("1 Exchange Street", "Manchester", None, "M2 7HA"),
        "447700900123",
        "1-TC1",
    ),
    _known(
        1,
        Person("Mr.", "Ben", "Okafor", "M", date(1979, 3, 2)),
        Address("22 Harbour Way", "Bristol", None, "BS1 4QD"),
        "447700900456",
        "1-TD1",
    ),
)


def missing(session: Session) -> list[Known]:
    """Give those of the two that the database has not, under their row ids or under others."""
    account = session.business("Account")
    return [
        known
        for known in KNOWN
        if session.by_row_id(account, known.first_row_id) is None
        and not session.by_columns(account, {column_of("Integration Id"): known.customer.integration_id}, limit=1)
    ]


def add_known(session: Session, known: Known) -> Batch:
    """Gather all that Siebel knows of one of them."""
    batch = Batch(session, _ids_from(known.first_row_id))
    account = add_account(batch, known.customer, Random(0), paid_by="Bill Me")  # noqa: S311 - not thrown
    held = _held(known)
    add_assets(batch, account, held, _ORDERED)
    add_order(batch, account, Order(known.order, min(_ORDERED, TODAY), "In Progress"), held)
    return batch


def _ids_from(first: str) -> Iterator[str]:
    number = number_of(first)
    while True:
        yield row_id(number)
        number += 1


def _held(known: Known) -> tuple[Holding, Holding]:
    """Give what the demo's order orders, by the keys that it has in the order."""
    root = f"asset-{known.order}-mobile"
    below = (
        Holding(UNLIMITED, f"{root}-tariff", attributes=(Attribute("Data Allowance", "Unlimited"),)),
        Holding(HANDSET_FEE, f"{root}-handset"),
        Holding(LOYALTY, f"{root}-loyalty"),
    )
    mobile = Holding(MOBILE, root, known.telephone, (Attribute("Voicemail", "Y", "Boolean"),), below)
    return mobile, Holding(PAPER_BILL, f"asset-{known.order}-paper")
