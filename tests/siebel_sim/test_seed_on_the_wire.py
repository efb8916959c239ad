"""Every seeded object, read over SOAP: valid against its schema, and taken back unchanged by the adapter's rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from wsgiref.types import WSGIApplication

import pytest
from lxml import etree

from gateway.demo import orders
from gateway.demo.customers import CUSTOMERS
from siebel_sim.contracts import contracts_in
from siebel_sim.repository import repository
from siebel_sim.seed import seed
from siebel_sim.server import build
from siebel_sim.store import Store
from soapkit.catalog import contracts_root, load
from soapkit.client import Client
from tests.siebel_sim.conftest import ADDRESS, settings

_FOLDER = contracts_root() / "wsdl" / "siebel"
_AT_A_TIME = 100
_CUSTOMERS = 120
"""Six times the whole mix; as the n-th is the same everywhere, more would show more of the same."""

_ASI = "{http://siebel.com/asi/}"


@dataclass(frozen=True, slots=True)
class Site:
    """A simulator of the shipped contracts, seeded."""

    app: WSGIApplication

    def ask(self, name: str, operation: str, *inside: etree._Element, **arguments: str) -> etree._Element:
        """Call an operation of CUTSample<name>; the client refuses an answer that its schema does not allow."""
        contract = load(_FOLDER / f"CUTSample{name}.wsdl")
        body = etree.Element(f"{_ASI}CUTSample{name}{operation}_Input")
        body.extend(inside)
        for argument, value in arguments.items():
            etree.SubElement(body, f"{_ASI}{argument}").text = value
        client = Client(contract, f"{ADDRESS}/services/{contract.name}", wsgi=self.app, validate=True)
        answer = client.call(f"CUTSample{name}{operation}", body)
        assert answer is not None
        return answer

    def pages(self, name: str, spec: str = "") -> Iterator[etree._Element]:
        """Read all records of an integration object, a page at a time: the lists."""
        start, last = 0, "false"
        while last != "true":
            given = {"PageSize": str(_AT_A_TIME), "StartRowNum": str(start)} | ({"SearchSpec": spec} if spec else {})
            answer = self.ask(name, "QueryPage", **given)
            start, last = start + _AT_A_TIME, answer.findtext("{*}LastPage", "")
            yield answer[0]

    def only(self, name: str, spec: str) -> etree._Element:
        """Read the one record that a specification finds."""
        (page,) = self.pages(name, spec)
        (record,) = page
        return record


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path_factory.mktemp('seeded') / 'siebel.sqlite'}"
    with closing(Store(url, repository(contracts_in(_FOLDER)).business)) as store:
        seed(store, customers=_CUSTOMERS)
    with closing(build(settings(url, contracts=_FOLDER))) as app:
        yield Site(app)


@pytest.mark.parametrize("name", ["Account", "ServiceProfile", "SalesOrder", "WorkOrder", "TroubleTicket", "Asset"])
def test_every_seeded_object_is_valid_and_taken_back_unchanged(seeded: Site, name: str) -> None:
    count = 0
    for page in seeded.pages(name):
        before = etree.tostring(page, method="c14n")
        written = seeded.ask(name, "InsertOrUpdate", page)
        assert etree.tostring(written[0], method="c14n") == before  # Mod Id and Updated too: nothing was changed
        count += len(written[0])
    assert count > {"Account": _CUSTOMERS - 1, "WorkOrder": 10, "TroubleTicket": 15}.get(name, 100)


def test_corporations_stand_on_three_levels(seeded: Site) -> None:
    accounts = {record.findtext("{*}Id"): record for page in seeded.pages("Account") for record in page}
    depths = {row_id: _depth(accounts, record) for row_id, record in accounts.items()}
    assert set(depths.values()) == {0, 1, 2}
    for row_id, depth in depths.items():
        code = accounts[row_id].findtext("{*}AccountTypeCode")
        assert code == ("Customer", "Billing", "Service")[depth]
    assert {record.findtext("{*}Type") for record in accounts.values()} == {"Residential", "Business"}


def _depth(accounts: dict[str | None, etree._Element], record: etree._Element) -> int:
    above = record.findtext("{*}ParentAccountId")
    return 0 if not above else 1 + _depth(accounts, accounts[above])


def test_every_account_has_its_primary_address_person_and_billing_profile(seeded: Site) -> None:
    for page in seeded.pages("Account"):
        for record in page:
            chosen = [child.tag for child in record.iterfind(".//*[@IsPrimaryMVG='Y']")]
            assert [etree.QName(tag).localname for tag in chosen] == ["CutAddress", "Contact", "ComInvoiceProfile"]


def test_no_two_services_have_one_telephone_number(seeded: Site) -> None:
    services = [
        text
        for page in seeded.pages("Asset", "[SerialNumber] IS NOT NULL")
        for record in page
        if (text := record.findtext("{*}SerialNumber"))
    ]
    assert len(services) == len(set(services)) > 100


@pytest.mark.parametrize("place", [0, 1])
def test_siebel_and_brm_agree_about_the_demo_s_customers(seeded: Site, place: int) -> None:
    """What the gateway's demo makes in BRM; the row ids are those that its cross-references name."""
    brm, row_id = CUSTOMERS[place], ("1-TC1", "1-TD1")[place]
    account = seeded.only("Account", f"[Id] = '{row_id}'")
    told = {etree.QName(field).localname: field.text or "" for field in account.iter()}
    assert told["AccountNumber"] == brm.number
    assert account.findtext("{*}IntegrationId") == brm.account
    assert account.findtext("{*}Name") == f"{brm.first_name} {brm.last_name}"
    assert (told["FirstName"], told["LastName"]) == (brm.first_name, brm.last_name)
    assert (told["StreetAddress"], told["City"], told["PostalCode"]) == (brm.address, brm.city, brm.postcode)
    assert told["Country"] == "GB"
    assert (told["MainPhoneNumber"], told["HomePhone"], told["EmailAddress"]) == ("", "", "")
    assert told["BillingProfileName"] == f"Bill {brm.number}"
    profile = account.find("{*}ListOfComInvoiceProfile/{*}ComInvoiceProfile")
    assert profile is not None
    assert profile.findtext("{*}IntegrationId") == brm.billing_profile
    assert profile.findtext("{*}BillingProfileId") == f"{row_id[:-1]}4"


@pytest.mark.parametrize(("place", "number"), [(0, "447700900123"), (1, "447700900456")])
def test_what_the_demo_orders_is_in_siebel_too(seeded: Site, place: int, number: str) -> None:
    customer, row_id = CUSTOMERS[place], ("1-TC1", "1-TD1")[place]
    ordered = orders.mobile_order(f"1-{10001 + place}", customer.account, customer.billing_profile, number)
    profile = seeded.only("ServiceProfile", f"[Id] = '{row_id}'")
    assets = profile.findall("{*}ListOfAssetMgmt-Asset/{*}AssetMgmt-Asset")
    assert [each.findtext("{*}IntegrationId") for each in assets] == [line.asset for line in ordered.lines]
    assert [each.findtext("{*}ProductName") for each in assets] == [line.name for line in ordered.lines]
    mobile = seeded.only("Asset", f"[SerialNumber] = '{number}'")
    assert mobile.findtext("{*}Id") == f"{row_id[:-1]}5"
    order = seeded.only("SalesOrder", f"[OrderNumber] = '{ordered.number}'")
    assert order.findtext("{*}AccountId") == row_id
    assert order.findtext("{*}Id") == f"{row_id[:-1]}C"


def test_seeds_are_of_the_past(seeded: Site) -> None:
    """Nothing was made after the day on which all was seeded, whatever the clock says."""
    for page in seeded.pages("SalesOrder"):
        for record in page:
            made = datetime.strptime(record.findtext("{*}Created") or "", "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
            assert made < datetime(2026, 11, 2, tzinfo=UTC)
