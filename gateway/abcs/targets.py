"""Which BRM an order is for, and which of its accounts it touches: what a plan says before work begins."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gateway.domain.order import Family, Line, Order
from gateway.errors import UnknownReference

TARGET_PATH = "/ProcessFulfillmentOrderBillingEBM/EBMHeader/Target/ID"
NO_TARGET = "AIA_ERR_AIACOMCMPI_0002"


def target_of(order: Order, systems: Collection[str]) -> str:
    """Return the BRM that EBMHeader/Target/ID names; raises UnknownReference for one that is not configured."""
    if order.target not in systems:
        known = ", ".join(sorted(systems))
        text = f"{TARGET_PATH}: '{order.target}' is no billing system of this gateway (there are: {known})"
        raise UnknownReference(text, code=None if order.target else NO_TARGET, element=TARGET_PATH)
    return order.target


def accounts_of(lines: Iterable[Line], family: Family) -> tuple[str, ...]:
    """Return the COMMON ids of the accounts that own or pay for the lines, sorted."""
    found = set()
    for line in lines:
        parties = family.parties[line.id]
        found |= {account.id for account in (parties.service_account, parties.billing_account) if account is not None}
    return tuple(sorted(found))
