"""A BRM kept in step with Siebel: accounts and phone numbers, from either side, without echo; conflicts settled."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from lxml import etree

from gateway.domain.brm import Elements, Flist
from gateway.domain.poid import bare
from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import Disconnected
from gateway.messaging.ports import ALARMS
from gateway.messaging.queues import State
from gateway.messaging.xa import Brm
from soapkit.catalog import load
from soapkit.client import Client, RemoteFault
from tests.acceptance.site import brm_server
from tests.cut.landscape import SOURCE, Record, Site, landscape

NAME = "BRM_01"
EVENTS = "{http://xmlns.oracle.com/BRM/schemas/BusinessEvents}"
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Synced:
    """A customer on both sides, cross-referenced: row ids and POIDs of the account, and of a phone number."""

    site: Site
    account: str
    account_poid: str
    number: str
    number_poid: str

    @property
    def brm(self) -> Brm:
        """The BRM, as a client calls it."""
        return self.site.gateway.brms[NAME]

    def name(self) -> Flist:
        """Read the name and address that BRM has."""
        whole: Elements = {1: {}}
        found = self.brm.call(None, "PCM_OP_READ_FLDS", {"POID": self.account_poid, "NAMEINFO": whole})
        return cast("Elements", found["NAMEINFO"])[1]

    def service(self) -> tuple[str, str]:
        """Read the login and the first alias that BRM has."""
        found = self.brm.call(None, "PCM_OP_READ_OBJ", {"POID": self.number_poid})
        aliases = cast("Elements", found["ALIAS_LIST"])
        return str(found["LOGIN"]), str(aliases[min(aliases)]["NAME"])

    def in_brm(self, program: str = "a clerk", **fields: Any) -> None:
        """Change the name or the address in BRM, and have BRM tell of it."""
        flist: Flist = {"POID": self.account_poid, "ACCOUNT_OBJ": self.account_poid, "PROGRAM_NAME": program}
        self.brm.call(None, "PCM_OP_CUST_UPDATE_CUSTOMER", flist | {"NAMEINFO": {1: fields}})
        self.event("CustomerUpdated", self.account_poid, program)

    def number_in_brm(self, **fields: Any) -> None:
        """Change the service in BRM, and have BRM tell of it."""
        changed: Elements = {0: {"POID": self.number_poid, **fields}}
        flist: Flist = {"POID": self.account_poid, "PROGRAM_NAME": "a clerk", "SERVICES": changed}
        self.brm.call(None, "PCM_OP_CUST_UPDATE_SERVICES", flist)
        self.event("ServiceUpdated", self.number_poid, "a clerk")

    def in_siebel(self, key: str = "Account", **fields: Any) -> None:
        """Change a record in Siebel, and have Siebel tell of it."""
        row_id = self.account if key == "Account" else self.number
        self.site.write(key, {"Id": row_id, **fields})
        self.site.tell(key, row_id)

    def event(self, kind: str, poid: str, program: str, *, system: str = NAME, named: str = "") -> str:
        """Tell the gateway of a change, as BRM does; how many events it took."""
        body = etree.Element(f"{EVENTS}publishBusinessEvents")
        event = etree.SubElement(body, f"{EVENTS}Event")
        for name, value in (
            ("EventId", named or f"event-{next(_NUMBERS)}"),
            ("EventType", kind),
            ("System", system),
            ("ObjectPoid", f"{poid} 3"),
            ("AccountPoid", self.account_poid),
            ("ProgramName", program),
            ("OccurredAt", "2026-11-20T12:00:00Z"),
        ):
            etree.SubElement(event, f"{EVENTS}{name}").text = value
        client = Client(load("wsdl/events/BRMBusinessEvents.wsdl"), f"{self.site.url}/services/BRMBusinessEvents")
        answer = client.call("publishBusinessEvents", body)
        assert answer is not None
        return answer.findtext(f"{EVENTS}Received", "")

    def record(self, key: str = "Account") -> Record:
        """Read the record that Siebel has."""
        return self.site.read(key, self.account if key == "Account" else self.number)

    def address(self) -> Record:
        """Read the primary address that Siebel has."""
        found: Record = self.record()["ListOfCutAddress"][0]
        return found


@pytest.fixture(scope="module", params=["siebel", "subscriber"])
def either(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Site]:
    """Run Siebel, a gateway and a BRM, with either winner."""
    directory = tmp_path_factory.mktemp("brm-sync")
    told = {"BILLING": {"brm": NAME, "winner": request.param}}
    with (
        brm_server(directory) as brm,
        landscape(directory, told, brm={NAME: {"url": brm.address}}) as made,
    ):
        yield made


@pytest.fixture
def synced(either: Site) -> Synced:
    """Make a customer on both sides and bring it in step: both have the base of every later change."""
    made = customer(either)
    for key, row_id in (("Account", made.account), ("PhoneNumber", made.number)):
        either.tell(key, row_id)
    either.work()
    return made


def customer(site: Site, *, known: bool = True) -> Synced:
    """Make a customer with a phone number on both sides; ``known``, with cross-references."""
    here = next(_NUMBERS)
    address = {"AddressName": "Home", "StreetAddress": "1 High St", "City": "York", "Country": "GB"}
    account = site.write(
        "Account",
        {
            "IntegrationId": f"S-{here}",
            "Name": "Ada Jones",
            "ListOfCutAddress": [address | {"@IsPrimaryMVG": "Y"}],
        },
    )
    msisdn = f"4477009{here:05}"
    number = site.write("PhoneNumber", {"AssetNumber": f"S-{here}", "SerialNumber": msisdn, "OwnerAccountId": account})
    poid, service = _in_brm(site.gateway.brms[NAME], here, msisdn)
    if known:
        with site.gateway.database.begin() as work:
            work.xref.populate(
                [*_rows(f"acct-{here}", account, poid), *_rows(f"num-{here}", number, service)], None, site.clock.now()
            )
            work.commit()
    return Synced(site, account, poid, number, service)


def _rows(common: str, row_id: str, poid: str) -> list[XrefRow]:
    table = XrefTable.CUSTOMERPARTY_ACCOUNTID if "/account" in poid else XrefTable.INSTALLEDPRODUCT_ID
    return [XrefRow(table.value, common, SOURCE, row_id), XrefRow(table.value, common, NAME, poid)]


def _in_brm(brm: Brm, here: int, msisdn: str) -> tuple[str, str]:
    name: Flist = {
        "FIRST_NAME": "Ada",
        "LAST_NAME": "Jones",
        "ADDRESS": "1 High St",
        "CITY": "York",
        "COUNTRY": "GB",
    }
    account: Flist = {"POID": "0.0.0.1 /account -1 0", "ACCOUNT_NO": f"S-{here}", "CURRENCY": 826}
    billinfo: Flist = {"POID": "0.0.0.1 /billinfo -1 0", "BILLINFO_ID": f"B-{here}", "PAY_TYPE": 10001}
    payinfo: Flist = {"POID": "0.0.0.1 /payinfo/invoice -1 0", "PAY_TYPE": 10001, "INHERITED_INFO": {}}
    plan: Flist = {"POID": "0.0.0.1 /plan -1 0", "PROGRAM_NAME": "a test", "ACCTINFO": array(account)}
    plan |= {"NAMEINFO": {1: name}, "BILLINFO": array(billinfo), "PAYINFO": array(payinfo)}
    poid = bare(brm.call(None, "PCM_OP_CUST_COMMIT_CUSTOMER", plan)["ACCOUNT_OBJ"])
    service: Flist = {"SERVICE_OBJ": "0.0.0.1 /service/telco/gsm/telephony -1 0", "LOGIN": msisdn}
    service["ALIAS_LIST"] = array({"NAME": msisdn})
    flist: Flist = {"POID": poid, "ACCOUNT_OBJ": poid, "PROGRAM_NAME": "a test", "SERVICES": array(service)}
    added = brm.call(None, "PCM_OP_CUST_MODIFY_CUSTOMER", flist)
    return poid, bare(cast("Elements", added["SERVICES"])[0]["SERVICE_OBJ"])


def array(element: Flist) -> Elements:
    """Give an array of one element."""
    return {0: element}


# ── from either side to the other ────────────────────────────────────────────────────────────────────────────────────


def test_a_change_in_siebel_reaches_brm(synced: Synced) -> None:
    synced.in_siebel(Name="Ada Maria Lovelace", EmailAddress="ada@example.net", MainPhoneNumber="01904 1")
    synced.site.work()
    name = synced.name()
    assert (name["FIRST_NAME"], name["LAST_NAME"]) == ("Ada Maria", "Lovelace")
    assert name["EMAIL_ADDR"] == "ada@example.net"
    assert cast("Elements", name["PHONES"])[0]["PHONE"] == "01904 1"
    assert synced.site.conflicts(synced.account) == []


def test_a_change_of_the_primary_address_in_siebel_reaches_brm(synced: Synced) -> None:
    home = synced.address()["RowId"]
    changed = {"RowId": home, "StreetAddress": "2 Low St", "StreetAddress2": "Flat 3", "City": "Leeds"}
    synced.in_siebel(ListOfCutAddress=[changed])
    synced.site.work()
    assert (synced.name()["ADDRESS"], synced.name()["CITY"]) == ("2 Low St\nFlat 3", "Leeds")


def test_a_change_in_brm_reaches_siebel(synced: Synced) -> None:
    synced.in_brm(LAST_NAME="Lovelace", CITY="Leeds", ZIP="LS1 1AA")
    synced.site.work()
    assert synced.record()["Name"] == "Ada Lovelace"
    address = synced.address()
    assert (address["City"], address["PostalCode"], address["StreetAddress"]) == ("Leeds", "LS1 1AA", "1 High St")
    assert synced.site.conflicts(synced.account) == []


def test_a_phone_number_that_changes_in_siebel_is_login_and_alias_in_brm(synced: Synced) -> None:
    number = f"4478009{next(_NUMBERS):05}"
    synced.in_siebel("PhoneNumber", SerialNumber=number)
    synced.site.work()
    assert synced.service() == (number, number)


@pytest.mark.parametrize("place", ["LOGIN", "ALIAS_LIST"])
def test_a_phone_number_that_changes_in_one_place_in_brm_is_everywhere(synced: Synced, place: str) -> None:
    number = f"4479009{next(_NUMBERS):05}"
    synced.number_in_brm(**{place: number if place == "LOGIN" else {0: {"NAME": number}}})
    synced.site.work()
    assert synced.record("PhoneNumber")["SerialNumber"] == number
    assert synced.service() == (number, number)


def test_changes_of_different_fields_on_both_sides_are_both_kept(synced: Synced) -> None:
    synced.in_siebel(Name="Ada Lovelace")
    synced.in_brm(CITY="Leeds")
    synced.site.work()
    assert (synced.record()["Name"], synced.address()["City"]) == ("Ada Lovelace", "Leeds")
    assert (synced.name()["LAST_NAME"], synced.name()["CITY"]) == ("Lovelace", "Leeds")
    assert synced.site.conflicts(synced.account) == []


def test_a_field_that_both_changed_has_the_winners_value_on_both_sides_and_is_logged(synced: Synced) -> None:
    synced.in_siebel(Name="Ada Siebel")
    synced.in_brm(LAST_NAME="Billing")
    synced.site.work()
    [conflict] = synced.site.conflicts(synced.account)
    assert (conflict.system, conflict.field) == (NAME, "Name")
    assert (conflict.siebel, conflict.partner) == ("Ada Siebel", "Ada Billing")
    expected = "Siebel" if conflict.winner == SOURCE else "Billing"
    assert (synced.record()["Name"], synced.name()["LAST_NAME"]) == (f"Ada {expected}", expected)


def test_a_companys_name_is_its_company_in_brm(either: Site) -> None:
    made = customer(either)
    either.write("Account", {"Id": made.account, "Type": "Business", "Name": "Engines & Sons"})
    made.in_brm(COMPANY="Engines & Sons")
    either.work()
    made.in_brm(COMPANY="Engines Ltd")
    either.work()
    assert made.record()["Name"] == "Engines Ltd"
    made.in_siebel(Name="Engines plc")
    either.work()
    assert (made.name()["COMPANY"], made.name()["LAST_NAME"]) == ("Engines plc", "Jones")


# ── no echo, nothing that is nobody's business ───────────────────────────────────────────────────────────────────────


def test_what_the_gateway_wrote_is_no_news_when_either_side_tells_of_it(synced: Synced) -> None:
    synced.in_siebel(Name="Ada Lovelace")
    synced.site.work()
    assert synced.event("CustomerUpdated", synced.account_poid, "o2c-gateway") == "1"
    assert synced.site.messages(State.WAITING) == []
    before = synced.record()["ModId"], synced.name()
    synced.site.tell("Account", synced.account)
    synced.event("CustomerUpdated", synced.account_poid, "a clerk")
    synced.site.work()
    assert (synced.record()["ModId"], synced.name()) == before


def test_a_hint_that_comes_twice_does_nothing_the_second_time(synced: Synced) -> None:
    synced.in_brm(CITY="Leeds")
    synced.event("CustomerUpdated", synced.account_poid, "a clerk")
    synced.site.work()
    found = synced.record()["ModId"], synced.address()["ModId"]
    synced.event("CustomerUpdated", synced.account_poid, "a clerk")
    synced.site.work()
    assert (synced.record()["ModId"], synced.address()["ModId"]) == found


def test_an_event_that_comes_again_is_answered_and_leaves_no_hint(synced: Synced) -> None:
    for _ in range(2):
        assert synced.event("CustomerUpdated", synced.account_poid, "a clerk", named=f"E {synced.account}") == "1"
    assert len(synced.site.messages(State.WAITING)) == 1
    synced.site.work()


def test_records_without_cross_references_are_left_alone(either: Site) -> None:
    made = customer(either, known=False)
    made.in_siebel(Name="Ada Lovelace")
    either.work()
    assert made.name()["LAST_NAME"] == "Jones"
    made.in_brm(LAST_NAME="Billing")
    either.work()
    assert made.record()["Name"] == "Ada Lovelace"
    assert either.messages(State.ERROR) == []


def test_events_of_an_unknown_kind_are_passed_over_and_of_an_unknown_brm_refused(synced: Synced) -> None:
    assert synced.event("BillGenerated", synced.account_poid, "a clerk") == "1"
    assert synced.site.messages(State.WAITING) == []
    with pytest.raises(RemoteFault, match="BRM_77"):
        synced.event("CustomerUpdated", synced.account_poid, "a clerk", system="BRM_77")


def alarms(site: Site) -> list[int]:
    """Give the messages that operators are alarmed about."""
    with site.gateway.database.read() as work:
        return [each.intake for each in work.fallout.open(ALARMS)]


def test_only_the_user_of_a_brm_may_tell_of_its_changes(tmp_path: Path) -> None:
    told = {"BILLING": {"brm": NAME, "caller": "brm"}}
    with landscape(tmp_path, told) as site:
        stranger = Synced(site, "1-A", "0.0.0.1 /account 1", "1-B", "0.0.0.1 /service/telco 2")
        with pytest.raises(RemoteFault, match="O2C_NOT_BELIEVED"):
            stranger.event("CustomerUpdated", stranger.account_poid, "a clerk")
        assert site.messages(State.WAITING) == []


def test_what_brm_refuses_is_in_the_error_queue_and_nothing_is_taken_for_equal(synced: Synced) -> None:
    synced.in_siebel(EmailAddress="no address at all")
    synced.site.work()
    failed = synced.site.messages(State.ERROR)[-1]
    assert failed.reason is not None
    assert "EMAIL_ADDR" in failed.reason.text
    assert failed.intake in alarms(synced.site)
    synced.in_siebel(EmailAddress="ada@example.net")
    synced.site.work()
    assert synced.name()["EMAIL_ADDR"] == "ada@example.net"
    synced.site.gateway.admin.resubmit([failed.intake])
    assert failed.intake not in alarms(synced.site)
    synced.site.work()
    assert synced.name()["EMAIL_ADDR"] == "ada@example.net"


def test_a_record_that_changed_in_siebel_meanwhile_is_merged_anew(synced: Synced) -> None:
    synced.site.meddled.first.append(
        lambda: synced.site.write("Account", {"Id": synced.account, "MainPhoneNumber": "01904 7"})
    )
    synced.in_brm(LAST_NAME="Lovelace")
    synced.site.work()
    found = synced.record()
    assert (found["Name"], found["MainPhoneNumber"]) == ("Ada Lovelace", "01904 7")
    assert cast("Elements", synced.name()["PHONES"])[0]["PHONE"] == "01904 7"


def test_what_siebel_took_from_brm_without_answering_does_not_undo_brms_next_change(synced: Synced) -> None:
    numbers = [f"4478009{next(_NUMBERS):05}" for _ in range(2)]

    def lost(key: str, record: Record) -> None:
        """Take it, and give no answer."""
        synced.site.write(key, record)
        raise Disconnected("no answer")

    address = {"RowId": synced.address()["RowId"], "City": "Leeds"}
    synced.in_brm(CITY="Leeds")
    synced.site.meddled.first.append(lambda: lost("Account", {"Id": synced.account, "ListOfCutAddress": [address]}))
    synced.site.step()
    synced.number_in_brm(LOGIN=numbers[0], ALIAS_LIST={0: {"NAME": numbers[0]}})
    phone = {"Id": synced.number, "SerialNumber": numbers[0]}
    synced.site.meddled.first.append(lambda: lost("PhoneNumber", phone))
    synced.site.step()
    synced.in_brm(CITY="Hull")
    synced.number_in_brm(LOGIN=numbers[1], ALIAS_LIST={0: {"NAME": numbers[1]}})
    synced.site.work()
    assert (synced.address()["City"], synced.name()["CITY"]) == ("Hull", "Hull")
    assert (synced.record("PhoneNumber")["SerialNumber"], synced.service()) == (numbers[1], (numbers[1],) * 2)
    assert [*synced.site.conflicts(synced.account), *synced.site.conflicts(synced.number)] == []
