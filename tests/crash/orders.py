"""Orders for customers of crash tests: a mobile bundle with tariff, fee and discount, and a paper bill."""

from __future__ import annotations

from gateway.demo.orders import Order, mobile_order
from tests.crash.brm import Account


def initiate(account: Account, number: int = 1) -> Order:
    """Order it: INITIATE BILLING."""
    customer = account.customer
    name = f"{customer.number}/{number}"
    return mobile_order(name, customer.account, customer.billing_profile, f"44-{customer.number}-{number}")


def fulfil(account: Account, number: int = 1) -> Order:
    """Deliver it: FULFILL BILLING."""
    return initiate(account, number).fulfilled()
