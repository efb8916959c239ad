"""What Siebel tells others when records change: through the wire, to a system that holds it to the contracts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from tests.doubles.listening import Told
from tests.siebel_sim.simulator import records
from tests.siebel_sim.telling import ACCOUNT, ORDER, PHONE, PROFILE, Telling, account, address, asset, telling


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telling]:
    with telling(f"sqlite:///{tmp_path_factory.mktemp('telling') / 'siebel.sqlite'}") as running:
        yield running


@pytest.fixture
def site(everything: Telling) -> Iterator[Telling]:
    yield everything
    everything.afresh()


def seeded(site: Telling) -> tuple[str, str]:
    """Make an account with an address; their row ids. What that tells is forgotten."""
    (made,) = site.write("Account", account(CutAddress=[address("H1")]))
    site.settled()
    return made["Id"], made["CutAddress"][0]["Id"]


def test_on_either_database_an_account_is_told_whole_as_it_is_when_it_is_committed(database_url: str) -> None:
    with telling(database_url) as site:
        given = account(CutAddress=[address("H1"), address("H2", City="Leeds")], MainPhoneNumber="+44 1")
        (made,) = site.siebel.call("CUTSampleAccountInsertOrUpdate", given)
        told = {each.operation: each for each in site.settled()}
        assert set(told) == {ACCOUNT, PROFILE}
        said, (found,) = told[ACCOUNT], site.siebel.call("CUTSampleAccountQueryById", PrimaryRowId=made["Id"])
        assert said.row_id == made["Id"]
        assert read(said) == found
        assert said.message_id.startswith("1-")
        assert told[PROFILE].message_id != said.message_id


def read(told: Told) -> Any:
    """Read the record of a message as answers of the simulator are read."""
    body = etree.Element("body")
    etree.SubElement(body, "ListOf").append(told.record)
    return records(body)[0]


def test_a_change_below_a_record_tells_the_record(site: Telling) -> None:
    row_id, address_id = seeded(site)
    site.change("cutaddress", address_id, City="Leeds")
    (told,) = site.settled()
    assert (told.operation, told.row_id) == (ACCOUNT, row_id)
    assert told.text("ListOfCutAddress/CutAddress/City") == "Leeds"


def test_several_writes_of_one_record_in_one_message_are_one_message(site: Telling) -> None:
    row_id, _ = seeded(site)
    changed = account(Id=row_id, MainPhoneNumber="+44 2", CutAddress=[address("H1", City="Hull"), address("H9")])
    site.siebel.call("CUTSampleAccountInsertOrUpdate", {**changed, "IntegrationId": "A1"})
    assert site.told() == [(ACCOUNT, row_id)]


def test_what_changes_nothing_tells_nothing(site: Telling) -> None:
    row_id, address_id = seeded(site)
    assert site.change("account", row_id, Name="Ada A1")["changed"] == []
    site.siebel.call("CUTSampleAccountInsertOrUpdate", account(CutAddress=[address("H1")]))
    assert site.told() == []
    assert address_id


def test_a_record_is_told_by_the_workflows_that_show_what_changed_of_it_and_no_other(site: Telling) -> None:
    row_id, _ = seeded(site)
    site.change("account", row_id, MainPhoneNumber="+44 3")
    assert site.told() == [(ACCOUNT, row_id)]
    site.change("account", row_id, Name="Ada Ltd")
    assert sorted(site.told()) == [(ACCOUNT, row_id), (PROFILE, row_id)]


def test_an_asset_is_told_as_phone_number_and_in_the_service_profile_of_its_owner(site: Telling) -> None:
    row_id, _ = seeded(site)
    (made,) = site.write("Asset", asset("P1", row_id, **{"AssetMgmt-AssetXA": [{"Name": "Line", "Value": "1"}]}))
    assert sorted(site.told()) == [(PHONE, made["Id"]), (PROFILE, row_id)]
    site.change("Asset Mgmt - Asset XA", made["AssetMgmt-AssetXA"][0]["Id"], Value="2")
    told = {each.operation: each for each in site.settled()}
    below = "ListOfAssetMgmt-Asset/AssetMgmt-Asset"
    assert told[PHONE].text("ListOfAssetMgmt-AssetXA/AssetMgmt-AssetXA/Value") == "2"
    assert told[PROFILE].text(f"{below}/ListOfAssetMgmt-AssetXA/AssetMgmt-AssetXA/Value") == "2"
    assert told[PROFILE].text(f"{below}/SerialNumber") == "+44 P1"


def test_an_asset_that_changes_hands_is_told_in_the_service_profiles_of_both(site: Telling) -> None:
    old, new = site.write("Account", account("A1"), account("A2"))
    (made,) = site.write("Asset", asset("P1", old["Id"]))
    site.settled()
    site.write("Asset", asset("P1", new["Id"]))
    told = {each.row_id: each.text("ListOfAssetMgmt-Asset/AssetMgmt-Asset/Id") for each in site.settled()}
    assert told == {made["Id"]: None, old["Id"]: None, new["Id"]: made["Id"]}


def test_an_asset_is_given_to_an_account_that_there_is(site: Telling) -> None:
    row_id, _ = seeded(site)
    (made,) = site.write("Asset", asset("P1"))
    site.settled()
    assert site.change("asset", made["Id"], OwnerAccountId=row_id)["changed"] == ["Parent Row Id"]
    assert sorted(site.told()) == [(PHONE, made["Id"]), (PROFILE, row_id)]
    given = {"record": "asset", "id": made["Id"], "set": {"OwnerAccountId": "1-0"}}
    assert "there is no record 1-0" in site.siebel.control("POST", "/change", given)[1]["error"]


def test_an_asset_that_nobody_owns_is_told_as_phone_number_only(site: Telling) -> None:
    (made,) = site.write("Asset", asset("P1"))
    assert site.told() == [(PHONE, made["Id"])]


def test_a_line_deep_in_an_order_tells_the_order(site: Telling) -> None:
    inner = {"IntegrationId": "L2", "LineNumber": "2", "Name": "Line", "OrderItemXa": [{"Attribute": "Speed"}]}
    outer = {"IntegrationId": "L1", "LineNumber": "1", "Name": "Bundle", "OrderItem": [inner]}
    (made,) = site.write(
        "Sales Order", {"IntegrationId": "O1", "OrderNumber": "20-1", "AccountId": "1-1", "OrderItem": [outer]}
    )
    assert site.told() == [(ORDER, made["Id"])]
    site.change("OrderItemXa", made["OrderItem"][0]["OrderItem"][0]["OrderItemXa"][0]["Id"], Value="80")
    (told,) = site.settled()
    assert told.text("ListOfOrderItem/OrderItem/ListOfOrderItem/OrderItem/ListOfOrderItemXa/OrderItemXa/Value")
    assert (told.operation, told.row_id) == (ORDER, made["Id"])


def test_work_orders_and_tickets_are_told_too(site: Telling) -> None:
    (order,) = site.write("Work Order", {"IntegrationId": "W1", "OrderNumber": "60-1", "AccountId": "1-1"})
    (ticket,) = site.write("Trouble Ticket", {"IntegrationId": "T1", "SRNumber": "40-1", "Abstract": "No tone"})
    told = [("CUTSendTroubleTicketData", ticket["Id"]), ("CUTSendWorkOrderData", order["Id"])]
    assert sorted(site.told()) == told


def test_what_goes_from_below_a_record_tells_the_record_and_a_record_that_goes_tells_nothing(site: Telling) -> None:
    row_id, _ = seeded(site)
    site.write("Account", account(CutAddress=[]), method="Synchronize")
    (told,) = site.settled()
    assert told.record.find(".//{*}CutAddress") is None
    site.siebel.call("CUTSampleAccountDelete", {"Id": row_id})
    assert site.told() == []


def test_what_is_refused_tells_nothing(site: Telling) -> None:
    row_id, _ = seeded(site)
    bad = account(MainPhoneNumber="+44 9", CutAddress=[address("H1", City="")])
    assert site.siebel.refused("CUTSampleAccountInsertOrUpdate", bad)
    status, _ = site.siebel.control("POST", "/change", {"record": "account", "id": row_id, "set": {"Name": ""}})
    assert status == 400
    assert site.told() == []


def test_changes_of_one_record_are_told_in_their_order(site: Telling) -> None:
    row_id, _ = seeded(site)
    site.ear.refusals = 3
    for number in range(8):
        site.change("account", row_id, MainPhoneNumber=f"+44 {number}")
    told = site.settled()
    assert [each.text("MainPhoneNumber") for each in told] == [f"+44 {number}" for number in range(8)]
    assert len({each.message_id for each in told}) == 8


def test_a_record_whose_messages_are_refused_delays_no_other(site: Telling) -> None:
    ids = [made["Id"] for made in site.write("Asset", *(asset(f"P{number}") for number in range(5)))]
    site.settled()
    site.ear.refusals = 1
    for row_id in ids:
        site.change("asset", row_id, SerialNumber="+44 0")
    assert sorted(site.told()) == sorted((PHONE, row_id) for row_id in ids)


def test_an_answer_that_carries_an_error_code_is_a_refusal(site: Telling) -> None:
    row_id, _ = seeded(site)
    site.ear.codes = ["SBL-BPR-00162"]
    site.change("account", row_id, MainPhoneNumber="+44 4")
    assert site.told() == [(ACCOUNT, row_id)]
    assert site.outbox()[-1]["attempts"] == 2


def test_a_policy_that_is_switched_off_fires_no_more_until_it_is_switched_on(site: Telling) -> None:
    row_id, _ = seeded(site)
    site.siebel.did("POST", "/policies/CUT Send Account Data/off")
    site.change("account", row_id, MainPhoneNumber="+44 5")
    assert [each["is_on"] for each in site.siebel.did("GET", "/policies")["policies"]] == [False, *[True] * 5]
    site.siebel.did("POST", "/policies/CUT Send Account Data/on")
    site.change("account", row_id, MainPhoneNumber="+44 6")
    (told,) = site.settled()
    assert told.text("MainPhoneNumber") == "+44 6"
    assert site.siebel.control("POST", "/policies/Nonsense/on")[0] == 404


def test_what_was_not_told_yet_is_forgotten_with_the_records(site: Telling) -> None:
    row_id, _ = seeded(site)
    site.ear.open.clear()
    came = len(site.ear.waiting)
    site.change("account", row_id, MainPhoneNumber="+44 7")
    site.change("account", row_id, MainPhoneNumber="+44 8")
    site.ear.wait_for_call(came + 1)
    site.siebel.did("POST", "/reset")
    site.ear.open.set()
    site.ear.wait_for(1)
    assert site.outbox() == []
    assert [each.text("MainPhoneNumber") for each in site.settled()] == ["+44 7"]


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        ({"record": "nonsense", "id": "1-1", "set": {"Name": "x"}}, 400, "there is no business component nonsense"),
        ({"record": "account", "id": "1-1", "set": {"Nonsense": "x"}}, 400, "Account has no Nonsense"),
        ({"record": "account", "id": "1-1", "set": {"Created": "x"}}, 400, "Account has no Created that can be set"),
        ({"record": "account", "id": "1-1", "set": {}}, 400, "set"),
        ({"record": "account", "id": "1-1", "set": {"Name": "x"}}, 404, "no record 1-1"),
        ({"record": "account", "id": "1-\0", "set": {"Name": "x"}}, 400, "id: String should match"),
        ({"record": "account", "id": "1-1", "set": {"Name": "\0"}}, 400, "characters that XML cannot hold"),
        ({"record": "cutaddress", "id": "1-1", "set": {"ParentRowId": "1-1"}}, 400, "no ParentRowId that can be set"),
    ],
)
def test_a_change_that_cannot_be_says_why(site: Telling, asked: object, status: int, reason: str) -> None:
    answered, value = site.siebel.control("POST", "/change", asked)
    assert (answered, reason in value["error"]) == (status, True), value


def test_a_change_follows_the_rules_of_the_business_component(site: Telling) -> None:
    row_id, _ = seeded(site)
    wanted = {"record": "CUT Sample Account IO", "id": row_id, "set": {"Account Status": "Nonsense"}}
    assert "SBL-DAT-00225" in site.siebel.control("POST", "/change", wanted)[1]["error"]
    done = site.change("account", row_id, **{"Account Status": "Suspended", "homepage": "ada.example"})
    assert (done["changed"], done["mod_id"]) == (["Account Status", "Home Page"], 1)
