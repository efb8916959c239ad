"""What a customer holds: a promotion with services below it, and products below these. Assets and orders tell of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from siebel_sim.seed.catalogue import (
    ALLOWANCES,
    BROADBAND,
    FIBRES,
    FIRM_TARIFFS,
    HANDSET_FEE,
    HOME_PROMOTION,
    HOUSEHOLD_TARIFFS,
    MOBILE,
    MOBILE_PROMOTION,
    SPEEDS,
    Product,
)
from siebel_sim.seed.customers import Customer, Kind, Level

_MOST_SERVICES = 5
_WITH_BROADBAND = 0.25
_WITH_HANDSET = 0.4


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a product, as it was chosen."""

    name: str
    value: str
    kind: str = "Text"


@dataclass(frozen=True, slots=True)
class Holding:
    """One product that a customer has; ``key`` names it in other systems, ``service`` is a telephone number, say."""

    product: Product
    key: str
    service: str | None = None
    attributes: Sequence[Attribute] = field(default=())
    below: Sequence[Holding] = field(default=())

    def walk(self) -> Iterator[Holding]:
        """Yield it and everything below it, parents first."""
        yield self
        for each in self.below:
            yield from each.walk()


def holdings(customer: Customer, random: Random) -> list[Holding]:
    """Choose what a customer has: divisions of a corporation only pay, its sites use."""
    if customer.level is Level.BILLING:
        return []
    count = 1 + (random.random() < 0.3)  # noqa: PLR2004 - a share
    if customer.kind is Kind.BUSINESS:
        count = random.randint(1, _MOST_SERVICES - 1)
    mobiles = tuple(_mobile(customer, random, place) for place in range(count))
    found = [Holding(MOBILE_PROMOTION, f"asset-{customer.number}-mobile-plan", below=mobiles)]
    if random.random() < _WITH_BROADBAND:
        home = (_broadband(customer, random),)
        found.append(Holding(HOME_PROMOTION, f"asset-{customer.number}-home-plan", below=home))
    return found


def _mobile(customer: Customer, random: Random, place: int) -> Holding:
    key = f"asset-{customer.number}-mobile-{place + 1}"
    tariff = random.choice(HOUSEHOLD_TARIFFS if customer.kind is Kind.RESIDENTIAL else FIRM_TARIFFS)
    allowance = (Attribute("Data Allowance", ALLOWANCES[tariff.number]),)
    below = [Holding(tariff, f"{key}-tariff", attributes=allowance)]
    if random.random() < _WITH_HANDSET:
        below.append(Holding(HANDSET_FEE, f"{key}-handset"))
    chosen = (Attribute("SIM Number", f"8944{random.randrange(10**15):015}"), Attribute("Voicemail", "Y", "Boolean"))
    return Holding(MOBILE, key, _telephone(customer, place), chosen, below)


def _telephone(customer: Customer, place: int) -> str:
    """Give a number of its own: a digit longer than a real one, so that nobody's is among them."""
    return f"4477009{customer.ordinal * _MOST_SERVICES + place:06}"


def _broadband(customer: Customer, random: Random) -> Holding:
    key = f"asset-{customer.number}-broadband"
    fibre = random.choice(FIBRES)
    speed = (Attribute("Download Speed", SPEEDS[fibre.number], "Number"),)
    return Holding(BROADBAND, key, f"BB{customer.ordinal + 1:08}", (), (Holding(fibre, f"{key}-fibre", None, speed),))
