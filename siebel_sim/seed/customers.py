"""Who the seeded customers are: the n-th is the same in every database, however many there are.

Twenty in a row are ten households, three firms, and a corporation of seven accounts on three levels: its head office,
two divisions below it, and two sites below each of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random

from siebel_sim.seed.words import (
    CITIES,
    DIVISIONS,
    FAMILIES,
    FIRMS,
    INDUSTRIES,
    JOBS,
    MEN,
    SITES,
    STREETS,
    TRADES,
    WOMEN,
)

CYCLE = 20
"""Customers after which the mix begins again."""

TODAY = date(2026, 11, 1).toordinal()
"""The day on which all was seeded: the clock on the wall has no say in what is made."""

_FIRST_DAY = date(2015, 1, 1).toordinal()
_HOUSEHOLDS, _FIRMS = 10, 3
_HEAD_OFFICE = _HOUSEHOLDS + _FIRMS
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
"""Letters at the end of a postcode."""


class Kind(StrEnum):
    """What a customer is: the Type of its account."""

    RESIDENTIAL = "Residential"
    BUSINESS = "Business"


class Level(StrEnum):
    """Where an account stands in its hierarchy: its Account Type Code."""

    CUSTOMER = "Customer"
    BILLING = "Billing"
    SERVICE = "Service"


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives or works, and what the address is for."""

    street: str
    city: str
    county: str | None
    postcode: str
    use: str = "Home"


@dataclass(frozen=True, slots=True)
class Person:
    """A contact. ``phone`` is their own, not what they have from us."""

    title: str
    first: str
    last: str
    gender: str
    born: date
    job: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """An account to be: its first address and person are its primary ones; ``since`` is an ordinal day.

    ``above`` is the number of the account above it, ``master`` of the topmost; ``profiles`` is how many bills it gets.
    """

    number: str
    kind: Kind
    level: Level
    name: str
    addresses: Sequence[Address]
    people: Sequence[Person]
    since: int
    ordinal: int
    above: str | None = None
    master: str | None = None
    profiles: int = 1

    @property
    def location(self) -> str:
        """What tells it from others of its name."""
        return self.addresses[0].postcode

    @property
    def integration_id(self) -> str:
        """What other systems call the account."""
        return f"account-{self.number}"


def number_of(ordinal: int) -> str:
    """Give the account number of the n-th customer, from 0: numbers sort as they count."""
    return f"SC-{ordinal + 1:07}"


def customer(ordinal: int) -> tuple[Customer, Random]:
    """Make the n-th customer, and the dice for what it has."""
    random = Random(f"customer {ordinal}")  # noqa: S311 - made-up people, not secrets
    place = ordinal % CYCLE
    if place < _HOUSEHOLDS:
        return _household(ordinal, random), random
    if place < _HEAD_OFFICE:
        return _firm(ordinal, random), random
    return _corporate(ordinal, place - _HEAD_OFFICE, random), random


def _household(ordinal: int, random: Random) -> Customer:
    family = random.choice(FAMILIES)
    people = [_person(random, family) for _ in range(1 + _some(random, 0.3))]
    addresses = [_address(random, use) for use in ("Home", "Billing")[: 1 + _some(random, 0.3)]]
    name = f"{people[0].first} {people[0].last}"
    kind, level = Kind.RESIDENTIAL, Level.CUSTOMER
    return Customer(number_of(ordinal), kind, level, name, addresses, people, _since(random), ordinal)


def _firm(ordinal: int, random: Random) -> Customer:
    name = f"{random.choice(FIRMS)} {random.choice(TRADES)} Ltd"
    uses = ("Business", "Billing", "Shipping")[: random.randint(1, 3)]
    addresses = [_address(random, use) for use in uses]
    people = _staff(random, name, random.randint(1, 3))
    kind, level = Kind.BUSINESS, Level.CUSTOMER
    return Customer(number_of(ordinal), kind, level, name, addresses, people, _since(random), ordinal, profiles=2)


@dataclass(frozen=True, slots=True)
class _Part:
    """What part of a corporation an account is: its addresses, how many people, how many bills."""

    level: Level
    uses: tuple[str, ...]
    people: int
    profiles: int


_PARTS = (
    _Part(Level.CUSTOMER, ("Business", "Billing", "Shipping", *["Service"] * 5), 20, 5),
    _Part(Level.BILLING, ("Business", "Billing"), 2, 2),
    _Part(Level.SERVICE, ("Service",), 2, 1),
)


def _corporate(ordinal: int, place: int, random: Random) -> Customer:
    """Make the account at ``place`` of a corporation: 0 the head office, 1 and 2 divisions, the others sites."""
    head = ordinal - place
    dice = Random(f"corporation {head}")  # noqa: S311 - made-up people, not secrets
    firm, divisions = f"{dice.choice(FIRMS)} {dice.choice(INDUSTRIES)}", dice.sample(DIVISIONS, 2)
    depth = 0 if place == 0 else 1 if place <= len(divisions) else 2
    part, above = _PARTS[depth], (None, head, head + (place - 1) // 2)[depth]
    addresses = [_address(random, use) for use in part.uses]
    site = f"{firm} {addresses[0].city} {random.choice(SITES)}"
    name = (f"{firm} plc", f"{firm} {divisions[(place - 1) % 2]}", site)[depth]
    return Customer(
        number_of(ordinal),
        Kind.BUSINESS,
        part.level,
        name,
        addresses,
        _staff(random, name, part.people),
        _since(dice),
        ordinal,
        above=None if above is None else number_of(above),
        master=number_of(head),
        profiles=part.profiles,
    )


def _staff(random: Random, name: str, count: int) -> list[Person]:
    domain = f"{''.join(name.lower().split()[:2])}.example"
    return [_person(random, random.choice(FAMILIES), domain) for _ in range(count)]


def _some(random: Random, share: float) -> int:
    return int(random.random() < share)


def _person(random: Random, family: str, domain: str | None = None) -> Person:
    woman = random.random() < 0.5  # noqa: PLR2004 - one half
    first = random.choice(WOMEN if woman else MEN)
    mailbox = f"{first}.{family}".lower().replace(" ", "").replace("'", "")
    title = ("Ms." if random.getrandbits(1) else "Mrs.") if woman else "Mr."
    return Person(
        title,
        first,
        family,
        "F" if woman else "M",
        date.fromordinal(random.randrange(date(1942, 1, 1).toordinal(), date(2007, 1, 1).toordinal())),
        random.choice(JOBS) if domain else None,
        f"{mailbox}@{domain or 'mail.example'}",
        f"441632{random.randrange(960000, 961000)}",  # an exchange that is kept free for fiction
    )


def _address(random: Random, use: str) -> Address:
    city, area, county = random.choice(CITIES)
    letters = random.choice(_LETTERS) + random.choice(_LETTERS)
    postcode = f"{area}{random.randrange(1, 30)} {random.randrange(1, 10)}{letters}"
    return Address(f"{random.randrange(1, 200)} {random.choice(STREETS)}", city, county, postcode, use)


def _since(random: Random) -> int:
    return random.randrange(_FIRST_DAY, TODAY - 60)
