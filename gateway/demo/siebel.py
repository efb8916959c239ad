"""Siebel in the demo: its customers asked for with CUT Get, edited at Siebel's own web service, and told apart by XREF.

Siebel's simulator is seeded with the demo's customers (Integration Id = COMMON id), as a data migration would do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from gateway.demo.customers import Customer
from gateway.domain.xref import XrefRow, XrefTable
from gateway.transforms.reading import Element
from soapkit.catalog import load
from soapkit.client import Client

_CUSTOM = "{http://siebel.com/CustomUI}"
_ASI = "{http://siebel.com/asi/}"
_ACCOUNT_IO = "{http://www.siebel.com/xml/CUT%20Sample%20Account%20IO}"
_PRIMARY = "IsPrimaryMVG"


@dataclass(frozen=True, slots=True)
class SiebelAccount:
    """An account as CUT Get Account Data answered it; ``fields`` are those of the account, without empty ones."""

    element: Element
    fields: Mapping[str, str]
    address: Mapping[str, str]

    @property
    def row_id(self) -> str:
        """Its row id in Siebel."""
        return self.fields["Id"]

    @property
    def phone(self) -> str:
        """Its main telephone number."""
        return self.fields.get("MainPhoneNumber", "")


class SiebelDemo:
    """Calls the gateway at ``gateway`` and Siebel at ``siebel``, as others would."""

    def __init__(self, gateway: str, siebel: str) -> None:
        self._cut = Client(load("wsdl/cut/CUTAccount.wsdl"), f"{gateway}/services/CUTAccount")
        self._siebel = Client(load("wsdl/siebel/CUTSampleAccount.wsdl"), f"{siebel}/services/CUTSampleAccount")

    def account(self, customer: Customer) -> SiebelAccount:
        """Ask the gateway for a customer: CUT Get Account Data, by Integration Id."""
        body = etree.Element(f"{_CUSTOM}CUTGetAccountData_Input")
        etree.SubElement(body, f"{_CUSTOM}SearchSpec").text = specification(customer)
        answer = self._cut.call("CUTGetAccountData", body)
        found = None if answer is None else answer.find(f".//{_ACCOUNT_IO}Account")
        if found is None:
            raise LookupError(f"Siebel has no account {customer.account}")
        return SiebelAccount(found, _fields(found), _primary_address(found))

    def edit_address(self, account: SiebelAccount, changed: Mapping[str, str]) -> None:
        """Change the primary address as somebody at a screen of Siebel would: by Siebel's own web service."""
        body = etree.Element(f"{_ASI}CUTSampleAccountInsertOrUpdate_Input")
        of = etree.SubElement(etree.SubElement(body, f"{_ACCOUNT_IO}ListOfCutSampleAccountIo"), f"{_ACCOUNT_IO}Account")
        etree.SubElement(of, f"{_ACCOUNT_IO}Id").text = account.row_id
        address = etree.SubElement(etree.SubElement(of, f"{_ACCOUNT_IO}ListOfCutAddress"), f"{_ACCOUNT_IO}CutAddress")
        for tag, text in {"RowId": account.address["RowId"], **changed}.items():
            etree.SubElement(address, f"{_ACCOUNT_IO}{tag}").text = text
        self._siebel.call("CUTSampleAccountInsertOrUpdate", body)


def specification(customer: Customer) -> str:
    """Return the search specification of a customer's account in Siebel."""
    return f"[Integration Id] = '{customer.account}'"


def reference(customer: Customer, siebel: str, row_id: str) -> XrefRow:
    """Return the cross-reference of a customer's account in Siebel."""
    return XrefRow(XrefTable.CUSTOMERPARTY_ACCOUNTID.value, customer.account, siebel, row_id)


def _fields(of: Element) -> dict[str, str]:
    told = ((etree.QName(each).localname, (each.text or "").strip()) for each in of if not len(each))
    return {tag: text for tag, text in told if text}


def _primary_address(of: Element) -> dict[str, str]:
    addresses: Iterable[Element] = of.iter(f"{_ACCOUNT_IO}CutAddress")
    return next((_fields(each) for each in addresses if each.get(_PRIMARY) == "Y"), {})


def brief(account: SiebelAccount) -> Iterator[dict[str, str]]:
    """Yield what is worth showing of an account, a row for each component."""
    for component, tags in _SHOWN.items():
        for each in account.element.iter(f"{_ACCOUNT_IO}{component}"):
            fields = _fields(each)
            yield {"component": component, "row id": _row_id(fields), "data": ", ".join(_told(fields, tags))}


_SHOWN = {
    "Account": ("Name", "AccountNumber", "AccountStatus", "MainPhoneNumber"),
    "CutAddress": ("StreetAddress", "City", "PostalCode", "Country"),
    "Contact": ("FirstName", "LastName", "EmailAddress"),
    "ComInvoiceProfile": ("BillingProfileName", "PaymentMethod", "BillFrequency"),
}


def _told(fields: Mapping[str, str], tags: Iterable[str]) -> Iterator[str]:
    return (fields[tag] for tag in tags if tag in fields)


def _row_id(fields: Mapping[str, str]) -> str:
    return next((fields[tag] for tag in ("Id", "RowId", "BillingProfileId") if tag in fields), "")
