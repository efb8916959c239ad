"""What seeded customers have bought: products by the numbers and codes that the price list of BRM has, too.

A product's row id in Siebel is ``1-P`` and that number.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """Something to order. ``fee`` is what it costs once or every month, as ``recurring`` says."""

    number: int
    code: str
    name: str
    kind: str
    fee: str | None = None
    recurring: bool = True

    @property
    def row_id(self) -> str:
        """Its row id in Siebel."""
        return f"1-P{self.number}"


MOBILE_PROMOTION = Product(40001, "PLAN-MOBILE", "Mobile", "Promotion")
HOME_PROMOTION = Product(40002, "PLAN-HOME", "Home: Fibre, TV and Telephone", "Promotion")
MOBILE = Product(50001, "SVC-MOBILE", "Mobile Service", "Service Bundle")
BROADBAND = Product(50002, "SVC-BROADBAND", "Broadband Service", "Service Bundle")

UNLIMITED = Product(10001, "MOB-TARIFF-UNLIMITED", "Mobile Tariff Unlimited", "Subscription", "35.00")
HOUSEHOLD_TARIFFS = (
    UNLIMITED,
    Product(10002, "MOB-TARIFF-LARGE", "Mobile Tariff Large", "Subscription", "25.00"),
    Product(10003, "MOB-TARIFF-SMALL", "Mobile Tariff Small", "Subscription", "12.00"),
)
FIRM_TARIFFS = (Product(10004, "MOB-TARIFF-BUSINESS", "Mobile Tariff Business", "Subscription", "42.50"),)
FIBRES = (
    Product(10016, "BB-FIBRE-100", "Fibre 100", "Subscription", "29.00"),
    Product(10017, "BB-FIBRE-500", "Fibre 500", "Subscription", "39.00"),
    Product(10018, "BB-FIBRE-1000", "Fibre 1000", "Subscription", "55.00"),
)
HANDSET_FEE = Product(10011, "MOB-HANDSET-FEE", "Handset Fee", "Item", "120.00", recurring=False)
PAPER_BILL = Product(10037, "ACC-PAPER-BILL", "Paper Bill", "Subscription", "1.50")
LOYALTY = Product(20001, "LOYALTY-10", "Loyalty Discount 10%", "Discount")

ALLOWANCES = {10001: "Unlimited", 10002: "50 GB", 10003: "5 GB", 10004: "100 GB"}
"""Data a month, by the tariff's number."""

SPEEDS = {10016: "100", 10017: "500", 10018: "1000"}
"""Megabits a second, by the tariff's number."""
