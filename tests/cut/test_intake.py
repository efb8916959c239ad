"""What comes over a queue is read as generously as over SOAP, kept in order; who says what is who they must be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.messaging.attempt import Ending
from gateway.messaging.queues import State
from soapkit.client import Client
from soapkit.faults import RemoteFault
from soapkit.wss.credentials import Credentials, Login
from tests.cut.site import ADDRESS, Site, data, message, records, site, stack_of
from tests.siebel_sim.simulator import Simulator

QUEUE = "CUT_IN_ACCOUNT"
IO = "http://www.siebel.com/xml/CUT%20Sample%20Account%20IO"
SMITH = {"IntegrationId": "C-1", "Name": "Smith Ltd", "Location": "Leeds"}
BARE = "<ListOfCutSampleAccountIo><Account><IntegrationId>C-1</IntegrationId><Name>Smith Ltd</Name></Account>"
BARE += "</ListOfCutSampleAccountIo>"
STRANGE = b"""<c:CUTReceiveAccountData_Input xmlns:c="http://siebel.com/CustomUI"><c:Stranger/>
    </c:CUTReceiveAccountData_Input>"""


@pytest.fixture
def received(tmp_path: Path, siebel: Simulator) -> Iterator[Site]:
    """Run a gateway whose errands give up at once."""
    queue = {"retry_attempts": 1}
    with site(f"sqlite:///{tmp_path / 'g.db'}", siebel.address, queue=queue) as made:
        yield made


@pytest.mark.parametrize(
    "written",
    [
        BARE,
        f'<SiebelMessage MessageId="1-1" IntObjectName="CUT Sample Account IO">{BARE}</SiebelMessage>',
        BARE.replace("Io>", f'Io xmlns="{IO}">', 1),
    ],
)
def test_a_siebel_message_and_the_list_alone_are_received(received: Site, written: str) -> None:
    received.gateway.admin.put(QUEUE, written.encode())
    assert received.work_on(QUEUE) == [Ending.DONE]
    found = records(received.objects["Account"], received.call("Account", "Get", SearchSpec="[Integration Id] = 'C-1'"))
    assert [each["Name"] for each in found] == ["Smith Ltd"]


def test_a_siebel_message_with_an_id_is_received_once(received: Site) -> None:
    written = f'<SiebelMessage MessageId="1-1" IntObjectName="CUT Sample Account IO">{BARE}</SiebelMessage>'
    for _ in range(2):
        received.gateway.admin.put(QUEUE, written.encode())
    assert received.work_on(QUEUE) == [Ending.DONE, Ending.DUPLICATE]


@pytest.mark.parametrize(
    ("payload", "wrong"),
    [
        (b"nonsense", "well-formed"),
        (b"<!DOCTYPE a><a/>", "document type"),
        (b"<a/>", "begin with ListOfCutSampleAccountIo"),
        (b"<ListOfCutSampleAccountIo/>", "no data"),
        (BARE.replace("Name", "Naem").encode(), "Naem"),
        (
            b'<c:CUTReceiveAccountData_Input xmlns:c="http://siebel.com/CustomUI"><c:x/></c:CUTReceiveAccountData_Input>',
            "x",
        ),
    ],
)
def test_what_is_no_data_is_in_the_error_queue_with_its_reason(received: Site, payload: bytes, wrong: str) -> None:
    received.gateway.admin.put(QUEUE, payload)
    assert received.work_on(QUEUE) == [Ending.ERROR]
    [failed] = received.messages(f"{QUEUE}_ErrorQ")
    assert failed.reason is not None
    assert (failed.reason.code, wrong in failed.reason.text) == ("O2C_INVALID_MESSAGE", True)
    assert [alarm.intake for alarm in received.gateway.admin.alarms()] == [failed.intake]


def test_messages_about_one_record_are_kept_in_order(tmp_path: Path) -> None:
    with site(f"sqlite:///{tmp_path / 'g.db'}", "http://127.0.0.1:9") as gateway:
        for name in ("first", "second"):
            gateway.gateway.admin.put(QUEUE, BARE.replace("Smith Ltd", name).encode())
        gateway.gateway.admin.put(QUEUE, BARE.replace("C-1", "C-2").encode())
        assert gateway.work_on(QUEUE) == [Ending.RETRY, Ending.RETRY]
        assert [each.tries for each in gateway.messages(QUEUE)] == [1, 0, 1]


def test_a_message_waits_while_siebel_is_away_and_is_received_when_it_is_back(
    tmp_path: Path, siebel: Simulator
) -> None:
    database = f"sqlite:///{tmp_path / 'g.db'}"
    with site(database, "http://127.0.0.1:9") as gateway:
        gateway.gateway.admin.put(QUEUE, BARE.encode())
        assert gateway.work_on(QUEUE) == [Ending.RETRY]
    with site(database, siebel.address) as gateway:
        gateway.clock.advance(timedelta(minutes=1))
        assert gateway.work_on(QUEUE) == [Ending.DONE]
        assert [each.state for each in gateway.messages(QUEUE)] == [State.DONE]


SECURITY = {
    "policy": "username",
    "http_basic": True,
}


def test_only_a_systems_own_user_is_believed_to_be_it(tmp_path: Path, siebel: Simulator) -> None:
    cut: dict[str, Any] = {
        "subscribers": {"OSM_01": {"queue": "OUT", "two_way": True, "caller": "osm"}},
        "siebel_user": "siebel",
    }
    with site(f"sqlite:///{tmp_path / 'g.db'}", siebel.address, cut, security=SECURITY) as gateway:
        for name in ("osm", "siebel", "stranger"):
            gateway.gateway.users.add(name, password=f"{name}'s password")
        sent = {"Message_spcId": "m-1", "Source_spcSystem": "OSM_01"}
        assert _codes(gateway, "stranger", "Receive", SMITH, **sent) == ["O2C_NOT_BELIEVED"]
        assert _codes(gateway, "osm", "Receive", SMITH, **sent) == []
        assert _codes(gateway, "stranger", "Receive", SMITH | {"IntegrationId": "C-2"}, Message_spcId="m-1") == []
        assert _codes(gateway, "osm", "Send", SMITH | {"Id": "1-A"}) == ["O2C_NOT_BELIEVED"]
        assert _codes(gateway, "siebel", "Send", {"Id": "1-A"} | SMITH) == []


def _codes(gateway: Site, user: str, kind: str, record: dict[str, Any], **told: str) -> list[str]:
    """Call as a user; the codes of the error stack, none when it was done."""
    about = gateway.objects["Account"]
    ordered = dict(sorted(record.items(), key=lambda field: field[0] != "Id"))
    login = Credentials(basic=Login(user, f"{user}'s password"))
    client = Client(about.contract, f"{ADDRESS}/services/CUTAccount", wsgi=gateway.app, credentials=login)
    try:
        client.call(f"CUT{kind}AccountData", message(about, kind, data(about, ordered), **told))
    except RemoteFault as fault:
        return [code for code, _ in stack_of(fault)]
    return []


def test_the_same_message_twice_at_once_is_received_once(received: Site) -> None:
    about = received.objects["Account"]
    intake = received.gateway.cut
    assert intake is not None
    body = message(about, "Receive", data(about, SMITH), Message_spcId="m-1")
    of = next(each for each in intake.table if each.operation == "CUTReceiveAccountData")
    task = intake.steps.intake.read(of, body)

    class Meanwhile:
        """Sends the same message again while the first is being worked on."""

        key, content, about, ahead = task.key, task.content, task.about, True

        def __init__(self) -> None:
            self.refused: list[str] = []

        def do(self, claim: Any, story: Any) -> Any:
            again = message(received.objects["Account"], "Receive", data(received.objects["Account"], SMITH))
            etree.SubElement(again, f"{{{etree.QName(again).namespace}}}Message_spcId").text = "m-1"
            with pytest.raises(RemoteFault) as refused:
                Client(of.about.contract, f"{ADDRESS}/services/CUTAccount", wsgi=received.app).call(of.operation, again)
            self.refused += [code for code, _ in stack_of(refused.value)]
            return task.do(claim, story)

    first = Meanwhile()
    received.gateway.errands.run_request(first, b"<m/>")
    assert first.refused == ["O2C_IN_PROGRESS"]
