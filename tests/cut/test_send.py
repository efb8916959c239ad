"""CUT Send: a change is stored for everybody who is to hear of it, once, in one commit; or refused and not stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import build
from gateway.config import ConfigError
from gateway.messaging.queues import State
from tests.cut.site import Site, data, records, site
from tests.siebel_sim.simulator import Simulator

NOWHERE = "http://127.0.0.1:9"
ONE = {"Id": "1-A", "Name": "Smith Ltd", "Location": "Leeds"}
TICKET = {"Id": "1-T", "SRNumber": "T-1", "TicketType": "Back Office"}


@contextmanager
def telling(database: str, subscribers: Mapping[str, Any], **cut: Any) -> Iterator[Site]:
    """Run a gateway with subscribers; Siebel need not be there."""
    with site(database, NOWHERE, {"subscribers": subscribers, **cut}) as made:
        yield made


def test_a_change_is_stored_for_every_subscriber_of_its_object(database_url: str) -> None:
    all_kinds = {"A": {"queue": "OUT_A"}, "B": {"url": NOWHERE}, "C": {"queue": "OUT_C", "objects": ["Sales Order"]}}
    with telling(database_url, all_kinds) as gateway:
        gateway.tell("Account", **ONE)
        stored = {name: gateway.bodies(f"CUT_OUT_{name}") for name in "ABC"}
        about = gateway.objects["Account"]
    assert [records(about, body) for body in stored["A"]] == [[ONE]]
    assert [records(about, body) for body in stored["B"]] == [[ONE]]
    assert stored["C"] == []
    assert stored["A"][0].findtext("{*}Source_spcSystem") == "SEBL_01"


def test_the_same_change_told_again_is_told_to_nobody_twice(database_url: str) -> None:
    with telling(database_url, {"A": {"queue": "OUT_A"}}) as gateway:
        for _ in range(2):
            gateway.tell("Account", "42-1", **ONE)
        gateway.tell("Account", "42-2", **ONE)
        assert len(gateway.bodies("CUT_OUT_A")) == 2


def test_another_change_under_a_known_id_is_refused_and_not_stored(database_url: str) -> None:
    with telling(database_url, {"A": {"queue": "OUT_A"}}) as gateway:
        gateway.tell("Account", "42-1", **ONE)
        about = gateway.objects["Account"]
        changed = data(about, ONE | {"Name": "Other"})
        [(code, text)] = gateway.refused("Account", "Send", changed, Message_spcId="42-1")
        assert (code, "42-1" in text) == ("O2C_DUPLICATE_EBMID", True)
        assert len(gateway.bodies("CUT_OUT_A")) == 1


def test_a_change_told_as_a_string_is_the_same_change(tmp_path: Path) -> None:
    text = (
        '<SiebelMessage IntObjectName="CUT Sample Account IO"><ListOfCutSampleAccountIo><Account><Id>1-A</Id>'
        "<Name>Smith Ltd</Name><Location>Leeds</Location></Account></ListOfCutSampleAccountIo></SiebelMessage>"
    )
    with telling(f"sqlite:///{tmp_path / 'g.db'}", {"A": {"queue": "OUT_A"}}) as gateway:
        gateway.call("Account", "Send", Account_spcXML=text)
        assert [records(gateway.objects["Account"], each) for each in gateway.bodies("CUT_OUT_A")] == [[ONE]]


def test_records_of_one_message_become_deliveries_of_their_own(tmp_path: Path) -> None:
    with telling(f"sqlite:///{tmp_path / 'g.db'}", {"A": {"queue": "OUT_A"}}) as gateway:
        about = gateway.objects["Account"]
        gateway.call("Account", "Send", data(about, ONE, ONE | {"Id": "1-B"}))
        groups = [each.group for each in gateway.messages("CUT_OUT_A")]
    assert groups == ["Account 1-A", "Account 1-B"]


def test_trouble_tickets_are_sent_only_when_they_are_for_the_back_office(tmp_path: Path) -> None:
    with telling(f"sqlite:///{tmp_path / 'g.db'}", {"A": {"queue": "OUT_A"}}) as gateway:
        gateway.tell("TroubleTicket", **TICKET)
        gateway.tell("TroubleTicket", **TICKET | {"Id": "1-U", "TicketType": "Customer"})
        assert [each.group for each in gateway.messages("CUT_OUT_A")] == ["TroubleTicket 1-T"]


def test_conditions_are_the_settings_and_each_subscribers_own(tmp_path: Path) -> None:
    leeds = {"Account": "io:Account/io:Location = 'Leeds'"}
    subscribers = {"A": {"queue": "OUT_A", "conditions": leeds}, "B": {"queue": "OUT_B"}}
    conditions = {"Account": "io:Account/io:Name != 'Secret'"}
    with telling(f"sqlite:///{tmp_path / 'g.db'}", subscribers, conditions=conditions) as gateway:
        for row_id, name, location in (("1", "Secret", "Leeds"), ("2", "Smith", "Hull"), ("3", "Smith", "Leeds")):
            gateway.tell("Account", Id=row_id, Name=name, Location=location)
        groups = {name: [each.group for each in gateway.messages(f"CUT_OUT_{name}")] for name in "AB"}
    assert groups == {"A": ["Account 3"], "B": ["Account 2", "Account 3"]}


def test_a_changed_record_has_its_row_id(tmp_path: Path) -> None:
    with telling(f"sqlite:///{tmp_path / 'g.db'}", {"A": {"queue": "OUT_A"}}) as gateway:
        about = gateway.objects["Account"]
        for changed in (data(about, ONE, {"Name": "x"}), data(about)):
            [(code, text)] = gateway.refused("Account", "Send", changed)
            assert (code, "has its Id" in text) == ("O2C_INVALID_MESSAGE", True)
        assert gateway.bodies("CUT_OUT_A") == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("<broken", "well-formed"),
        ("<!DOCTYPE a><a/>", "doctype"),
        ("<ListOfOther/>", "begin with ListOfCutSampleAccountIo"),
        ('<SiebelMessage IntObjectName="Other"><a/></SiebelMessage>', "is about 'Other'"),
        ("<SiebelMessage/>", "one list is needed"),
        ("<ListOfCutSampleAccountIo><Account><Nonsense/></Account></ListOfCutSampleAccountIo>", "Nonsense"),
    ],
)
def test_a_string_that_is_no_data_is_refused_by_rule(tmp_path: Path, text: str, wrong: str) -> None:
    with telling(f"sqlite:///{tmp_path / 'g.db'}", {"A": {"queue": "OUT_A"}}) as gateway:
        [(code, said)] = gateway.refused("Account", "Send", Account_spcXML=text)
        assert (code, wrong in said) == ("O2C_INVALID_MESSAGE", True)
        assert gateway.bodies("CUT_OUT_A") == []


def test_data_are_not_given_twice(tmp_path: Path) -> None:
    with telling(f"sqlite:///{tmp_path / 'g.db'}", {}) as gateway:
        given = data(gateway.objects["Account"], ONE)
        [(code, text)] = gateway.refused("Account", "Send", given, Account_spcXML="<ListOfCutSampleAccountIo/>")
    assert (code, "given twice" in text) == ("O2C_INVALID_MESSAGE", True)


def test_asked_for_a_record_it_answers_the_record_and_tells_nobody(tmp_path: Path, siebel: Simulator) -> None:
    cut = {"subscribers": {"A": {"queue": "OUT_A"}}}
    with site(f"sqlite:///{tmp_path / 'g.db'}", siebel.address, cut) as gateway:
        row_id = gateway.receive("Account", IntegrationId="C-1", Name="Smith Ltd", Location="Leeds")
        answer = gateway.call("Account", "Send", Object_spcId=row_id)
        assert [each["Name"] for each in records(gateway.objects["Account"], answer)] == ["Smith Ltd"]
        assert gateway.messages("CUT_OUT_A", State.WAITING) == []


def test_neither_asked_nor_told_anything_it_refuses(tmp_path: Path) -> None:
    with telling(f"sqlite:///{tmp_path / 'g.db'}", {}) as gateway:
        [(code, text)] = gateway.refused("Account", "Send")
    assert (code, "Object_spcId, or the data of a change" in text) == ("O2C_INVALID_MESSAGE", True)


@pytest.mark.parametrize(
    ("cut", "wrong"),
    [
        ({"off": ["CUT Get Acount Data"]}, "did you mean CUT Get Account Data"),
        ({"conditions": {"Acount": "1"}}, "did you mean Account"),
        ({"conditions": {"Account": "io:Account["}}, "is no XPath expression"),
        ({"conditions": {"Account": "no:Account"}}, "is no XPath expression"),
        ({"subscribers": {"A": {"queue": "Q", "objects": ["Fraud Alert"]}}}, "no CUT Send Fraud Alert Data"),
        ({"subscribers": {"A": {"brm": "BRM_01", "objects": ["Sales Order"]}}}, "kept in step with Account and Phone"),
        ({"subscribers": {"A": {"url": NOWHERE, "wsdl": "wsdl/none.wsdl", "operation": "x"}}}, "cut.subscribers.A"),
        ({"objects": {"Account": {"wsdl": "a", "siebel_wsdl": "b"}}}, "an object of this name already"),
    ],
)
def test_settings_that_name_what_there_is_not_are_refused_in_words(
    tmp_path: Path, cut: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ConfigError, match=wrong), site(f"sqlite:///{tmp_path / 'g.db'}", NOWHERE, cut):
        pass


def test_without_a_siebel_there_are_no_cut_services(tmp_path: Path) -> None:
    with site(f"sqlite:///{tmp_path / 'g.db'}", NOWHERE) as gateway:
        settings = gateway.gateway.settings.model_copy(update={"siebel": {}})
    made = build(settings)
    assert not [each for each in made.services if each.contract.name.startswith("CUT")]
    made.close()
