"""Accounts with what belongs to them: addresses, people, billing profiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from siebel_sim.seed.batch import Batch, Fields, moment
from siebel_sim.seed.customers import Customer, Kind, Person

_CARD, _DEBIT, _BILL = "Credit Card", "Automatic Debit", "Bill Me"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it was made: row ids of it and of its primary children."""

    customer: Customer
    row_id: str
    address: str
    contact: str
    profile: str
    paid_by: str

    @property
    def billing_profile(self) -> str:
        """Name of its billing profile."""
        return f"Bill {self.customer.number}"


def add_account(batch: Batch, customer: Customer, random: Random, *, paid_by: str | None = None) -> Account:
    """Add an account and its children: the first address, person and profile are its primary ones."""
    row_id, created = batch.new_id(), moment(customer.since)
    batch.accounts[customer.number] = row_id
    addresses = [_add_address(batch, customer, place, row_id) for place in range(len(customer.addresses))]
    contacts = [_add_person(batch, customer, place, row_id) for place in range(len(customer.people))]
    way = paid_by or _way_to_pay(customer, random)
    account = Account(customer, row_id, addresses[0], contacts[0], batch.new_id(), way)
    for place in range(customer.profiles):
        _add_profile(batch, account, place)
    batch.add("Account", {**_account(batch, customer), **_primaries(account)}, created=created, row_id=row_id)
    return account


def _account(batch: Batch, customer: Customer) -> Fields:
    return {
        "Integration Id": customer.integration_id,
        "Account Number": customer.number,
        "Name": customer.name,
        "Location": customer.location,
        "Account Type Code": customer.level.value,
        "Type": customer.kind.value,
        "Main Phone Number": customer.people[0].phone,
        "Email Address": customer.people[0].email,
        "Price List": "Communications Price List",
        "Price List Id": "1-PL1",
        "Primary Organization Id": "0-R9NH",
        "Parent Account Id": customer.above and batch.accounts[customer.above],
        "Master Account Id": batch.accounts[customer.master or customer.number],
    }


def _primaries(account: Account) -> Fields:
    return {
        "Primary Address Id": account.address,
        "Primary Bill To Address Id": account.address,
        "Primary Ship To Address Id": account.address,
        "Primary Contact Id": account.contact,
        "Primary Billing Profile Id": account.profile,
    }


def _add_address(batch: Batch, customer: Customer, place: int, parent: str) -> str:
    address = customer.addresses[place]
    is_main, is_only = place == 0, len(customer.addresses) == 1
    fields = {
        "Integration Id": f"address-{customer.number}{_which(place)}",
        "Address Name": f"{address.street}, {address.city}",
        "Address Type": address.use,
        "Street Address": address.street,
        "City": address.city,
        "County": address.county,
        "Postal Code": address.postcode,
        "Country": "GB",
        "Bill Address Flag": "Y" if is_only or address.use == "Billing" else "N",
        "Ship Address Flag": "Y" if is_main or address.use == "Shipping" else "N",
        "Main Address Flag": "Y" if is_main else "N",
        "Start Date": moment(customer.since),
    }
    return batch.add("CUT Address", fields, created=moment(customer.since), parent=parent)


def _which(place: int) -> str:
    """Tell the second and further ones of a kind apart."""
    return f"-{place + 1}" if place else ""


def _add_person(batch: Batch, customer: Customer, place: int, parent: str) -> str:
    person: Person = customer.people[place]
    fields = {
        "Integration Id": f"contact-{customer.number}-{place + 1}",
        "First Name": person.first,
        "Last Name": person.last,
        "MM": person.title,
        "Gender": person.gender,
        "Date of Birth": person.born.isoformat(),
        "Job Title": person.job,
        "Email Address": person.email,
        "Work Phone" if person.job else "Home Phone": person.phone,
    }
    return batch.add("Contact", fields, created=moment(customer.since), parent=parent)


def _way_to_pay(customer: Customer, random: Random) -> str:
    return random.choice((_CARD, _DEBIT, _BILL)) if customer.kind is Kind.RESIDENTIAL else _BILL


def _add_profile(batch: Batch, account: Account, place: int) -> None:
    customer, way = account.customer, account.paid_by
    fields = {
        "Integration Id": f"billing-profile-{customer.number}{_which(place)}",
        "Billing Profile Name": f"{account.billing_profile}{_which(place)}",
        "Address Id": account.address,
        "Contact Id": account.contact,
        "Payment Method": way,
        "Bill Type": "Summary",
        "Bill Cycle": "Monthly",
        "Bill Cycle Day": str(1 + customer.ordinal % 28),
        "Media Type": "Email" if customer.people[0].email else "Paper",
        "Email Bill To": customer.people[0].email,
        **_WAYS[way](customer),
    }
    created = moment(customer.since)
    row_id = None if place else account.profile
    batch.add("Com Invoice Profile", fields, created=created, parent=account.row_id, row_id=row_id)


def _card(customer: Customer) -> Fields:
    return {
        "Credit Card Name": customer.name,
        "Credit Card Number": f"XXXXXXXXXXXX{customer.ordinal % 10_000:04}",
        "Credit Card Type": "Visa",
        "Credit Card Expiration Month": f"{1 + customer.ordinal % 12:02}",
        "Credit Card Expiration Year": "2029",
    }


def _bank(customer: Customer) -> Fields:
    return {
        "Bank Name": "Exchange Bank",
        "Bank Account Name": customer.name,
        "Bank Account Number": f"XXXX{customer.ordinal % 10_000:04}",
        "Bank Account Type": "Current",
        "Routing Number": "00-00-00",
    }


def _bill(_customer: Customer) -> Fields:
    return {}


_WAYS: Mapping[str, Callable[[Customer], Fields]] = {_CARD: _card, _DEBIT: _bank, _BILL: _bill}
