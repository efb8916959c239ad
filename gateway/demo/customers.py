"""The demo's customers, made in BRM as the customer synchronisation would, and the cross-references that follow.

The products stand in the simulator's price list (``brm_sim/price_list.toml``) under these POIDs, fixed for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from gateway.domain.brm import Flist
from gateway.domain.poid import bare
from gateway.domain.xref import XrefRow, XrefTable
from gateway.messaging.xa import Brm

GBP = 826
INVOICE = 10001
RESIDENTIAL = 1

PRODUCTS = {
    "item-mobile-tariff": "0.0.0.1 /product 10001",
    "item-handset-fee": "0.0.0.1 /product 10011",
    "item-paper-bill": "0.0.0.1 /product 10037",
    "item-loyalty-discount": "0.0.0.1 /discount 20001",
}
"""COMMON id of the product in Siebel → POID in BRM."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A residential customer with one billing profile; COMMON ids derive from ``number``, the ACCOUNT_NO in BRM."""

    number: str
    first_name: str
    last_name: str
    address: str
    city: str
    postcode: str

    @property
    def account(self) -> str:
        """COMMON id of the account."""
        return f"account-{self.number}"

    @property
    def billing_profile(self) -> str:
        """COMMON id of the billing profile."""
        return f"billing-profile-{self.number}"


CUSTOMERS = (
    Customer("TC-1001", "Ada", "Jones", "1 Exchange Street", "Manchester", "M2 7HA"),
    Customer("TC-1002", "Ben", "Okafor", "22 Harbour Way", "Bristol", "BS1 4QD"),
)


def commit_customer(customer: Customer) -> Flist:
    """Return the input flist of PCM_OP_CUST_COMMIT_CUSTOMER."""
    return {
        "POID": "0.0.0.1 /plan -1 0",
        "PROGRAM_NAME": "o2c demo",
        "ACCTINFO": {0: _account(customer)},
        "NAMEINFO": {1: _name(customer)},
        "BILLINFO": {0: _billinfo(customer)},
        "PAYINFO": {0: _payinfo(customer)},
    }


def _account(customer: Customer) -> Flist:
    return {
        "POID": "0.0.0.1 /account -1 0",
        "O2C_FLD_COMMON_ID": customer.account,
        "ACCOUNT_NO": customer.number,
        "CURRENCY": GBP,
        "BUSINESS_TYPE": RESIDENTIAL,
    }


def _billinfo(customer: Customer) -> Flist:
    return {
        "POID": "0.0.0.1 /billinfo -1 0",
        "O2C_FLD_COMMON_ID": customer.billing_profile,
        "BILLINFO_ID": f"Bill {customer.number}",
        "PAY_TYPE": INVOICE,
        "BILL_WHEN": 1,
    }


def _payinfo(customer: Customer) -> Flist:
    details: Flist = {"INV_INFO": {0: _invoice(customer)}}
    return {"POID": "0.0.0.1 /payinfo/invoice -1 0", "PAY_TYPE": INVOICE, "INHERITED_INFO": details}


def _name(customer: Customer) -> Flist:
    return {
        "FIRST_NAME": customer.first_name,
        "LAST_NAME": customer.last_name,
        "ADDRESS": customer.address,
        "CITY": customer.city,
        "ZIP": customer.postcode,
        "COUNTRY": "GB",
    }


def _invoice(customer: Customer) -> Flist:
    return {
        "NAME": f"{customer.first_name} {customer.last_name}",
        "ADDRESS": customer.address,
        "CITY": customer.city,
        "ZIP": customer.postcode,
        "COUNTRY": "GB",
    }


def create(brm: Brm, customers: Sequence[Customer]) -> list[XrefRow]:
    """Create customers in BRM; returns the cross-references of their accounts and billing profiles."""
    return [row for customer in customers for row in _created(brm, customer)]


def _created(brm: Brm, customer: Customer) -> tuple[XrefRow, XrefRow]:
    answer = brm.call(None, "PCM_OP_CUST_COMMIT_CUSTOMER", commit_customer(customer))
    billinfo = cast("dict[int, Flist]", answer["BILLINFO"])[0]
    accounts, profiles = XrefTable.CUSTOMERPARTY_ACCOUNTID, XrefTable.CUSTOMERPARTY_BILLPROFILEID
    return (
        XrefRow(accounts.value, customer.account, brm.name, bare(answer["ACCOUNT_OBJ"])),
        XrefRow(profiles.value, customer.billing_profile, brm.name, bare(billinfo["POID"])),
    )


def products(brm: str) -> list[XrefRow]:
    """Return the cross-references of the products, as the product synchronisation would make them."""
    return [XrefRow(XrefTable.ITEM_ITEMID.value, common, brm, poid) for common, poid in PRODUCTS.items()]
