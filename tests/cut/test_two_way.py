"""Two-way partners over SOAP: only news is told, nothing comes back as an echo, conflicts are settled and put right."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.messaging.queues import Draft, State
from soapkit.client import RemoteFault
from soapkit.faults import FaultCode
from tests.cut.landscape import Record, Site, landscape, listed, record_of, said

P = "OSM_01"
TWO_WAY = {"url": "{partner}/services/{service}", "two_way": True}


_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module", params=["siebel", "subscriber"])
def either(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Site]:
    """Run a landscape with either winner; each test has records of its own."""
    with landscape(tmp_path_factory.mktemp("two-way"), {P: TWO_WAY | {"winner": request.param}}) as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a landscape in which Siebel wins; each test has records of its own."""
    with landscape(tmp_path_factory.mktemp("two-way"), {P: TWO_WAY}) as made:
        yield made


def unique() -> str:
    """Give an integration id that no other test has."""
    return f"I-{next(_NUMBERS)}"


def keys(site: Site, row_id: str, key: str = "Account") -> Record:
    """Give what every delivery of a record bears."""
    return {"Id": row_id, "IntegrationId": site.read(key, row_id)["IntegrationId"]}


def known(site: Site, key: str = "Account", **more: object) -> str:
    """Make a record that the partner has been told of; its row id."""
    address = {"AddressName": "Home", "StreetAddress": "1 Mill Lane", "City": "Leeds"}
    fresh: dict[str, Record] = {
        "Account": {"Name": "Ada", "MainPhoneNumber": "1", "ListOfCutAddress": [address]},
        "PhoneNumber": {"AssetNumber": f"A-{next(_NUMBERS)}", "SerialNumber": "447700900001"},
    }
    row_id = site.write(key, {"IntegrationId": unique(), **fresh[key], **more})
    site.tell(key, row_id)
    site.work()
    site.partner.told.clear()
    return row_id


def change(site: Site, row_id: str, **fields: object) -> None:
    """Change an account in Siebel, and have Siebel tell of it."""
    site.write("Account", {"Id": row_id, **fields})
    site.tell("Account", row_id)


def edit(site: Site, row_id: str, last: str = "", **fields: object) -> None:
    """Change an account at the partner."""
    told = {"Last_spcMessage_spcId": last} if last else {}
    site.receive("Account", {"Id": row_id, **fields}, Source_spcSystem=P, **told)


# ── news, and no echo ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_record_is_told_whole_at_first_and_later_only_what_changed(site: Site) -> None:
    row_id = site.write("Account", {"IntegrationId": unique(), "Name": "Ada", "Location": "Leeds"})
    site.tell("Account", row_id)
    site.work()
    first = site.partner.records()[0]
    assert (first["Id"], first["Name"], first["Location"]) == (row_id, "Ada", "Leeds")
    change(site, row_id, Name="Ada Jones")
    site.work()
    assert site.partner.records() == [keys(site, row_id) | {"Name": "Ada Jones"}]


def test_a_change_that_is_told_twice_is_delivered_once(site: Site) -> None:
    row_id = known(site)
    change(site, row_id, Name="Ada Jones")
    site.tell("Account", row_id)
    site.work()
    assert len(site.partner.records()) == 1


def test_a_value_that_goes_away_is_told_as_an_empty_one(site: Site) -> None:
    row_id = known(site)
    change(site, row_id, MainPhoneNumber="")
    site.work()
    assert site.partner.records() == [keys(site, row_id) | {"MainPhoneNumber": ""}]


def test_a_child_is_told_with_its_keys_and_only_what_changed(site: Site) -> None:
    row_id = known(site)
    home = site.read("Account", row_id)["ListOfCutAddress"][0]
    change(site, row_id, ListOfCutAddress=[{"RowId": home["RowId"], "City": "York"}])
    site.work()
    told = said(site.partner.records()[0])
    assert told == keys(site, row_id) | {
        "ListOfCutAddress": [{"RowId": home["RowId"], "City": "York"}],
    }


def test_the_partners_own_edit_is_written_and_does_not_come_back(site: Site) -> None:
    row_id = known(site)
    edit(site, row_id, Name="Ada Jones")
    assert site.read("Account", row_id)["Name"] == "Ada Jones"
    site.tell("Account", row_id)
    site.work()
    assert site.partner.records() == []
    assert site.conflicts(row_id) == []


def test_of_the_partners_new_record_only_what_siebel_added_comes_back(site: Site) -> None:
    address = {"AddressName": "Home", "StreetAddress": "1", "City": "Leeds"}
    new = {"IntegrationId": unique(), "Name": "Bob", "ListOfCutAddress": [address]}
    answer = site.receive("Account", new, Source_spcSystem=P)[0]
    site.tell("Account", answer["Id"])
    site.work()
    told = site.partner.records()[0]
    assert (told["Id"], told["AccountStatus"]) == (answer["Id"], "Active")
    assert "Name" not in told
    assert "City" not in told["ListOfCutAddress"][0]
    site.tell("Account", answer["Id"])
    site.work()
    assert site.partner.records() == []


def test_what_the_partner_did_not_change_is_not_written_whatever_it_sends(site: Site) -> None:
    row_id = known(site)
    site.write("Account", {"Id": row_id, "Name": "Changed in Siebel"})
    edit(site, row_id, Name="Ada", MainPhoneNumber="2")
    found = site.read("Account", row_id)
    assert (found["Name"], found["MainPhoneNumber"]) == ("Changed in Siebel", "2")
    assert site.conflicts(row_id) == []


def test_a_message_that_changes_nothing_writes_nothing_and_is_answered(site: Site) -> None:
    row_id = known(site)
    before = site.read("Account", row_id)
    answer = site.receive("Account", {"IntegrationId": before["IntegrationId"], "Name": "Ada"}, Source_spcSystem=P)[0]
    assert answer == {"Id": row_id, "ModId": before["ModId"]}
    assert site.read("Account", row_id) == before


def test_an_asset_that_was_edited_as_a_phone_number_does_not_come_back_in_the_service_profile(site: Site) -> None:
    owner = site.write("Account", {"IntegrationId": unique(), "Name": "Ada"})
    row_id = known(site, "PhoneNumber", OwnerAccountId=owner)
    site.tell("ServiceProfile", owner)
    site.work()
    site.partner.told.clear()
    site.receive("PhoneNumber", {"Id": row_id, "SerialNumber": "447700900002"}, Source_spcSystem=P)
    site.tell("PhoneNumber", row_id)
    site.tell("ServiceProfile", owner)
    site.work()
    assert site.partner.records() == []


def test_another_system_that_is_no_partner_is_heard_and_the_partner_told(site: Site) -> None:
    row_id = known(site)
    site.receive("Account", {"Id": row_id, "Name": "By a portal"}, Source_spcSystem="PORTAL")
    site.tell("Account", row_id)
    site.work()
    assert [each["Name"] for each in site.partner.records()] == ["By a portal"]


# ── conflicts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_field_that_both_changed_has_the_winners_value_on_both_sides_and_is_logged(either: Site) -> None:
    row_id = known(either)
    either.write("Account", {"Id": row_id, "Name": "Siebel's"})
    edit(either, row_id, Name="Partner's")
    [conflict] = either.conflicts(row_id)
    siebel_wins = conflict.winner == "SEBL_01"
    assert (conflict.system, conflict.record, conflict.field) == (P, row_id, "Name")
    assert (conflict.siebel, conflict.partner) == ("Siebel's", "Partner's")
    assert either.read("Account", row_id)["Name"] == ("Siebel's" if siebel_wins else "Partner's")
    either.tell("Account", row_id)
    either.work()
    corrected = [keys(either, row_id) | {"Name": "Siebel's"}] if siebel_wins else []
    assert either.partner.records() == corrected


def test_a_conflict_about_one_field_leaves_the_others_of_the_message_alone(site: Site) -> None:
    row_id = known(site)
    home = site.read("Account", row_id)["ListOfCutAddress"][0]["RowId"]
    site.write("Account", {"Id": row_id, "ListOfCutAddress": [{"RowId": home, "City": "Siebel's"}]})
    edit(site, row_id, MainPhoneNumber="2", ListOfCutAddress=[{"RowId": home, "City": "Partner's"}])
    found = site.read("Account", row_id)
    assert (found["MainPhoneNumber"], found["ListOfCutAddress"][0]["City"]) == ("2", "Siebel's")
    assert [each.field for each in site.conflicts(row_id)] == [f"CutAddress[{home}]/City"]


def test_both_sides_changing_to_the_same_value_is_no_conflict(either: Site) -> None:
    row_id = known(either)
    either.write("Account", {"Id": row_id, "Name": "Both"})
    edit(either, row_id, Name="Both")
    either.tell("Account", row_id)
    either.work()
    assert (either.conflicts(row_id), either.partner.records()) == ([], [])


def test_what_a_partner_had_not_seen_it_did_not_mean_to_undo(either: Site) -> None:
    row_id = known(either)
    change(either, row_id, Name="First")
    either.work()
    seen = either.partner.told[-1][1]
    change(either, row_id, Name="Second")
    either.work()
    either.partner.told.clear()
    edit(either, row_id, last=seen, Name="Partner's")
    siebel_wins = either.conflicts(row_id)[0].winner == "SEBL_01"
    either.tell("Account", row_id)
    either.work()
    expected = [] if siebel_wins else [keys(either, row_id) | {"Name": "Partner's"}]
    assert either.partner.records() == expected, "it has Siebel's second by now, so only another value is news"
    edit(either, row_id, last="999999", Name="Again")
    assert len(either.conflicts(row_id)) == 1


# ── late, lost, crossed ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_old_snapshot_that_comes_late_does_not_take_the_partner_back(site: Site) -> None:
    row_id = known(site)
    site.write("Account", {"Id": row_id, "Location": "York"})
    late = site.current("Account", row_id)
    edit(site, row_id, Name="Ada Jones")
    site.tell("Account", row_id, late)
    site.tell("Account", row_id)
    site.work()
    told = site.partner.records()
    assert told == [keys(site, row_id) | {"Location": "York"}]


def test_a_delivery_that_failed_for_good_and_is_sent_again_tells_nothing_old(site: Site) -> None:
    row_id = known(site)
    site.partner.trouble = FaultCode.CLIENT
    change(site, row_id, Name="First", Location="York")
    site.work()
    failed = site.messages(State.ERROR)[-1]
    site.partner.trouble = None
    change(site, row_id, Name="Second")
    site.work()
    assert site.partner.records()[-1]["Name"] == "Second"
    with site.gateway.database.begin() as work:
        assert work.messages.resubmit(failed.intake, site.clock.now(), None, None)
        work.commit()
    site.work()
    assert site.partner.records() == []


def test_a_partner_that_is_down_gets_every_change_later_and_in_order(site: Site) -> None:
    row_id = known(site)
    site.partner.trouble = FaultCode.SERVER
    for name in ("First", "Second", "Third"):
        change(site, row_id, Name=name)
        site.step()
    assert site.partner.told == []
    site.partner.trouble = None
    site.work()
    assert [each["Name"] for each in site.partner.records()] == ["First", "Second", "Third"]


def test_an_edit_that_crosses_a_delivery_leaves_both_sides_equal(either: Site) -> None:
    row_id = known(either)
    change(either, row_id, Name="Siebel's")
    either.partner.before.append(lambda: edit(either, row_id, Name="Partner's"))
    either.work()
    either.tell("Account", row_id)
    either.work()
    [conflict] = either.conflicts(row_id)
    final = either.read("Account", row_id)["Name"]
    assert final == ("Siebel's" if conflict.winner == "SEBL_01" else "Partner's")
    told = [each["Name"] for each in either.partner.records()]
    assert told == ["Siebel's", final], "whichever it saw last, it has Siebel's value now"
    either.tell("Account", row_id)
    either.work()
    assert either.partner.records() == []


def test_an_edit_of_what_was_just_delivered_is_no_conflict_though_the_delivery_is_not_over(either: Site) -> None:
    row_id = known(either)
    change(either, row_id, Name="Siebel's")
    number = str(either.messages(State.WAITING)[-1].intake)
    either.partner.before.append(lambda: edit(either, row_id, last=number, Name="Partner's"))
    either.work()
    either.tell("Account", row_id)
    either.work()
    assert either.conflicts(row_id) == []
    assert either.read("Account", row_id)["Name"] == "Partner's"
    assert [each["Name"] for each in either.partner.records()] == ["Siebel's"], "and it is not told its own edit"


def test_a_record_that_somebody_changed_meanwhile_is_read_again_and_nothing_is_overwritten(site: Site) -> None:
    row_id = known(site)
    site.meddled.first.append(lambda: site.write("Account", {"Id": row_id, "Location": "By a clerk"}))
    edit(site, row_id, Name="Ada Jones")
    found = site.read("Account", row_id)
    assert (found["Name"], found["Location"]) == ("Ada Jones", "By a clerk")
    assert site.conflicts(row_id) == []


def test_a_record_that_is_changed_all_the_time_is_for_later(site: Site) -> None:
    row_id = known(site)
    places = iter("12345")
    site.meddled.first += [lambda: site.write("Account", {"Id": row_id, "Location": next(places)})] * 5
    with pytest.raises(RemoteFault, match="O2C_RECORD_BUSY"):
        edit(site, row_id, Name="Ada Jones")
    assert site.meddled.first == []
    assert site.read("Account", row_id)["Name"] == "Ada"
    edit(site, row_id, Name="Ada Jones")
    assert site.read("Account", row_id)["Name"] == "Ada Jones"


def test_a_record_that_somebody_is_changing_is_told_when_that_is_done(site: Site) -> None:
    row_id = known(site)
    told: list[int] = []

    def deliver() -> None:
        site.write("Account", {"Id": row_id, "Location": "York"})
        site.tell("Account", row_id)
        site.step()
        told.append(len(site.partner.told))

    site.meddled.first.append(deliver)
    edit(site, row_id, Name="Ada Jones")
    assert told == [0], "while the partner's own word is being received, nothing is told"
    site.work()
    assert site.partner.records() == [keys(site, row_id) | {"Location": "York"}]


# ── a partner on queues ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_partner_on_queues_is_kept_in_step_as_one_on_soap_is(tmp_path: Path) -> None:
    with landscape(tmp_path, {P: {"queue": "OSM_IN", "two_way": True}}) as site:
        row_id = site.write("Account", {"IntegrationId": unique(), "Name": "Ada", "Location": "Leeds"})
        site.tell("Account", row_id)
        site.work()
        assert taken(site)[0]["Name"] == "Ada"
        put(site, {"Id": row_id, "Name": "Ada Jones"})
        site.work()
        site.tell("Account", row_id)
        site.work()
        assert taken(site) == []
        change(site, row_id, Location="York")
        site.work()
        assert taken(site) == [keys(site, row_id) | {"Location": "York"}]


def taken(site: Site) -> list[Record]:
    """Take what is on the partner's queue."""
    found: list[Record] = []
    with site.gateway.database.begin() as work:
        while (message := work.messages.take("OSM_IN", site.clock.now())) is not None:
            list_ = etree.fromstring(message[1]).find(site.about["Account"].list_element)
            assert list_ is not None
            found += [record_of(each) for each in list_]
        work.commit()
    return found


def put(site: Site, record: Record) -> None:
    """Put a message of the partner's on the queue of accounts."""
    about = site.about["Account"]
    body = etree.Element(about.element("CUTReceiveAccountData_Input"))
    body.append(listed(about, record))
    etree.SubElement(body, about.element("Source_spcSystem")).text = P
    with site.gateway.database.begin() as work:
        work.messages.put([Draft("CUT_IN_ACCOUNT", etree.tostring(body))], site.clock.now())
        work.commit()
