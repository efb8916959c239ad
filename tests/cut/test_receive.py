"""CUT Receive through the wire: what comes is in Siebel afterwards, once, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.messaging.queues import Draft, State
from soapkit.client import RemoteFault
from tests.cut.landscape import Record, Site, landscape, listed, said

STEP = "SBL-BPR-00162"
KEYS = (
    "Account",
    "ServiceProfile",
    "SalesOrder",
    "WorkOrder",
    "TroubleTicket",
    "PhoneNumber",
    "FraudAlert",
    "CreditAlert",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run one landscape for all tests of this file: each has records of its own."""
    with landscape(Path(tmp_path_factory.mktemp("receive"))) as made:
        yield made


def new(site: Site, key: str, name: str) -> Record:
    """Give a new record, with children where an object has some."""
    owner = site.write("Account", {"IntegrationId": f"owner-{key}-{name}", "Name": f"Owner {name}"})
    call = {"CallDateTime": "11/20/2026 10:00:00", "NumberCalled": "447700900001", "Length": "60"}
    address = {"AddressName": "Home", "StreetAddress": "1 Mill Lane", "City": "Leeds", "@IsPrimaryMVG": "Y"}
    asset = {"AssetNumber": name, "ListOfAssetMgmt-AssetXA": [{"Name": "Speed", "Value": "100"}]}
    ids = {"IntegrationId": name}
    found: dict[str, Record] = {
        "Account": ids | {"Name": "Ada Jones", "ListOfCutAddress": [address]},
        "ServiceProfile": {"Id": owner, "ListOfAssetMgmt-Asset": [asset]},
        "SalesOrder": ids | {"OrderNumber": name, "AccountId": owner, "ListOfOrderItem": [{"LineNumber": "1"}]},
        "WorkOrder": ids | {"OrderNumber": name, "AccountId": owner, "ListOfOrderItem": [{"LineNumber": "1"}]},
        "TroubleTicket": ids | {"SRNumber": name, "AccountId": owner, "Abstract": "no tone"},
        "PhoneNumber": ids | {"AssetNumber": name, "SerialNumber": "447700900001", "OwnerAccountId": owner},
        "FraudAlert": ids | {"AlertNumber": name, "FraudType": "Cloning", "ListOfCutFraudAlertCallDetail": [call]},
        "CreditAlert": ids | {"AlertNumber": name},
    }
    return found[key]


def within(sent: Record, found: Record) -> bool:
    """Tell whether Siebel has all that was sent, children in any place."""
    return all(
        all(any(within(one, other) for other in found[name]) for one in value)
        if isinstance(value, list)
        else found.get(name) == value
        for name, value in said(sent).items()
    )


@pytest.mark.parametrize("key", KEYS)
def test_what_is_received_is_in_siebel_and_its_row_ids_are_answered(site: Site, key: str) -> None:
    sent = new(site, key, f"whole-{key}")
    answer = site.receive(key, sent)[0]
    assert within(sent, site.read(key, answer["Id"]))
    assert site.receive(key, sent)[0]["Id"] == answer["Id"], "found by its user key"
    children = [name for name in sent if name.startswith("ListOf")]
    assert all(len(site.read(key, answer["Id"])[name]) == len(sent[name]) == len(answer[name]) for name in children)


@pytest.mark.parametrize("key", KEYS)
def test_a_repeated_message_changes_nothing_and_is_answered_the_same(site: Site, key: str) -> None:
    sent = new(site, key, f"again-{key}")
    told = {"Message_spcId": f"m-{key}", "Source_spcSystem": "OSM"}
    first = site.receive(key, sent, **told)
    before = site.read(key, first[0]["Id"])
    assert site.receive(key, sent, **told) == first
    assert site.read(key, first[0]["Id"]) == before, "not even ModId has changed"


def test_the_same_message_id_of_another_system_is_another_message(site: Site) -> None:
    sent = new(site, "Account", "two-systems")
    row_id = site.receive("Account", sent, Message_spcId="m-1", Source_spcSystem="A")[0]["Id"]
    changed = {"Id": row_id, "Name": "Ada Lovelace"}
    site.receive("Account", changed, Message_spcId="m-1", Source_spcSystem="B")
    assert site.read("Account", row_id)["Name"] == "Ada Lovelace"


def test_the_same_message_id_with_other_content_is_refused(site: Site) -> None:
    told = {"Message_spcId": "m-other", "Source_spcSystem": "A"}
    row_id = site.receive("Account", new(site, "Account", "content"), **told)[0]["Id"]
    assert site.refused("Account", {"Id": row_id, "Name": "Somebody else"}, **told) == ["O2C_DUPLICATE_EBMID"]
    assert site.read("Account", row_id)["Name"] == "Ada Jones"


def test_an_update_leaves_what_it_does_not_name_and_children_that_it_has_not(site: Site) -> None:
    row_id = site.receive("Account", new(site, "Account", "update"))[0]["Id"]
    office = {"AddressName": "Office", "StreetAddress": "2 High Street", "City": "York"}
    site.receive("Account", {"IntegrationId": "update", "MainPhoneNumber": "0113 1", "ListOfCutAddress": [office]})
    found = site.read("Account", row_id)
    assert (found["Name"], found["MainPhoneNumber"]) == ("Ada Jones", "0113 1")
    assert sorted(each["AddressName"] for each in found["ListOfCutAddress"]) == ["Home", "Office"]


def test_the_string_is_received_as_the_hierarchy_is_and_answered_as_a_string(site: Site) -> None:
    about = site.about["Account"]
    inside = etree.tostring(listed(about, new(site, "Account", "text")), encoding="unicode")
    text = f'<SiebelMessage IntObjectName="CUT Sample Account IO">{inside}</SiebelMessage>'
    answer = site.call("Account", "Receive", Account_spcXML=text)
    row_id = answer.findtext("{*}Object_spcId", "")
    assert site.read("Account", row_id)["IntegrationId"] == "text"
    assert row_id in answer.findtext("{*}Account_spcXML", "")


# ── what is refused, and by whom ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"Location": "nowhere"}, ["SBL-EAI-04397"]),
        ({"IntegrationId": "bad-1", "Name": "A", "Type": "Martian"}, ["SBL-EAI-04376", "SBL-DAT-00225"]),
        ({"IntegrationId": "bad-2"}, ["SBL-EAI-04451", "SBL-DAT-00498"]),
        ({"IntegrationId": "bad-3", "Name": "x" * 101}, ["SBL-EAI-04376", "SBL-DAT-00235"]),
    ],
    ids=["no user key", "not in the pick list", "required field missing", "too long"],
)
def test_what_siebel_refuses_is_told_with_its_stack_inside_the_step(
    site: Site, record: Record, expected: list[str]
) -> None:
    assert site.refused("Account", record) == [STEP, *expected]


def test_a_stale_modification_key_is_refused(site: Site) -> None:
    row_id = site.receive("Account", new(site, "Account", "stale"))[0]["Id"]
    before = site.read("Account", row_id)["ModId"]
    site.receive("Account", {"Id": row_id, "ModId": before, "Name": "First"})
    refused = site.refused("Account", {"Id": row_id, "ModId": before, "Name": "Second"})
    assert refused == [STEP, "SBL-EAI-04451", "SBL-DAT-00523"]
    assert site.read("Account", row_id)["Name"] == "First"


def test_several_matches_are_refused(site: Site) -> None:
    for number in ("1", "2"):
        site.write("Account", {"IntegrationId": f"twin-{number}", "Name": "Twin", "Location": number})
        row_id = site.write("Account", {"IntegrationId": f"twin-{number}", "AccountNumber": "TWIN"})
        assert row_id
    assert site.refused("Account", {"AccountNumber": "TWIN", "Name": "One of them"}) == [STEP, "SBL-EAI-04390"]


@pytest.mark.parametrize(
    ("key", "child"),
    [
        ("Account", {"AddressName": "No city", "StreetAddress": "1"}),
        ("SalesOrder", {"LineNumber": "2", "Status": "no such status"}),
        ("FraudAlert", {"CallDateTime": "yesterday", "NumberCalled": "1"}),
    ],
)
def test_of_a_hierarchy_of_which_a_child_is_refused_nothing_is_written(site: Site, key: str, child: Record) -> None:
    good = new(site, key, f"half-{key}")
    container = next(name for name in good if name.startswith("ListOf"))
    wrong = good | {container: [*good[container], {"IntegrationId": "bad", **child}]}
    assert site.refused(key, wrong)[0] == STEP
    assert site.count(key, f"[Integration Id] = 'half-{key}'") == 0
    assert site.receive(key, good)[0]["Id"]


def test_of_several_records_in_a_message_all_are_written_or_none(site: Site) -> None:
    good, bad = new(site, "Account", "all-1"), {"IntegrationId": "all-2", "Type": "Martian", "Name": "B"}
    assert site.refused("Account", good, bad)[0] == STEP
    assert site.count("Account", "[Integration Id] = 'all-1'") == 0
    assert len(site.receive("Account", good, new(site, "Account", "all-2"))) == 2


def test_a_message_that_failed_may_come_again_under_its_id_and_mended(site: Site) -> None:
    told = {"Message_spcId": "m-mended", "Source_spcSystem": "A"}
    assert site.refused("Account", {"IntegrationId": "mended"}, **told)[0] == STEP
    assert site.receive("Account", new(site, "Account", "mended"), **told)[0]["Id"]


def test_a_message_without_data_is_refused_by_the_gateway(site: Site) -> None:
    with pytest.raises(RemoteFault, match="there are no data"):
        site.call("Account", "Receive")


# ── from a queue ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", KEYS)
def test_a_message_on_the_queue_is_received_once(site: Site, key: str) -> None:
    about = site.about[key]
    body = etree.Element(about.element(f"CUTReceive{key}Data_Input"))
    body.append(listed(about, new(site, key, f"queue-{key}")))
    etree.SubElement(body, about.element("Message_spcId")).text = f"q-{key}"
    with site.gateway.database.begin() as work:
        for _ in range(2):
            work.messages.put([Draft(f"CUT_IN_{key.upper()}", etree.tostring(body))], site.clock.now())
        work.commit()
    site.work()
    assert {each.state for each in site.messages(State.DONE, State.ERROR)} == {State.DONE}
    owner = site.count("Account", f"[Integration Id] = 'owner-{key}-queue-{key}'")
    found = owner if key == "ServiceProfile" else site.count(key, f"[Integration Id] = 'queue-{key}'")
    assert found == 1


def test_a_message_on_the_queue_that_siebel_refuses_is_in_the_error_queue(tmp_path: Path) -> None:
    with landscape(tmp_path) as site:
        with site.gateway.database.begin() as work:
            payload = etree.tostring(listed(site.about["Account"], {"IntegrationId": "wrong"}))
            work.messages.put([Draft("CUT_IN_ACCOUNT", payload)], site.clock.now())
            work.commit()
        site.work()
        failed = site.messages(State.ERROR)[0]
        assert failed.reason is not None
        assert failed.reason.code == "SBL-EAI-04451"
        assert "required field" in failed.reason.text
