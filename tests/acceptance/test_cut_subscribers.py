"""From a change in Siebel to every back office, each process on its own: late, slow, down, refusing, and put right."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from soapkit.faults import Fault
from tests.acceptance.cut_objects import OBJECTS, CutObject, listed
from tests.acceptance.cut_site import Gateway, Siebel, gateway_process, number, siebel_process
from tests.acceptance.processes import spare_port
from tests.acceptance.site import eventually
from tests.cut.partner import Partner, hangs_up, partner

ACCOUNT, TICKET = OBJECTS["Account"], OBJECTS["TroubleTicket"]
SETTINGS = """
retry_attempts = 1000
[cut.subscribers.CRM_01]
url = "{crm}/services/{{service}}"
objects = ["Account", "Trouble Ticket"]
[cut.subscribers.ERP_01]
url = "{erp}/services/{{service}}"
objects = ["Account"]
conditions.Account = "io:Account/io:Type = 'Business'"
[cut.subscribers.LAST_01]
url = "{last}/services/{{service}}"
objects = ["Account"]
latest_only = true
"""


@dataclass
class World:
    """Siebel, the gateway, its worker, and three back offices: one hears of firms only, one of what is latest."""

    siebel: Siebel
    gateway: Gateway
    crm: Partner
    erp: Partner
    last: Partner

    def told(self, of: Partner, key: str, about: CutObject = ACCOUNT) -> list[etree._Element]:
        """Give what a back office was told of a record, in order."""
        records = ((body, body.find(f"{{*}}{about.list}/{{*}}{about.root}")) for body in list(of.told))
        return [body for body, one in records if one is not None and one.findtext("{*}IntegrationId") == key]

    def values(self, of: Partner, key: str, tag: str = "MainPhoneNumber") -> list[str]:
        """Give the values of a field that it was told, in order; of tries of one delivery the last."""
        found = {
            body.findtext("{*}Message_spcId"): body.findtext(f".//{{*}}{tag}") or "" for body in self.told(of, key)
        }
        return list(found.values())

    def waiting(self, name: str) -> int:
        """Count what a back office is still to be told."""
        queues = {each.queue: each for each in self.gateway.admin.queues()}
        found = queues.get(f"CUT_OUT_{name}")
        return (
            0
            if found is None
            else sum(count for state, count in found.counts.items() if state in ("waiting", "claimed"))
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory, port = tmp_path_factory.mktemp("told"), spare_port()
    tells = {"SIEBEL_SIM_SEND_TO": f"http://127.0.0.1:{port}", "SIEBEL_SIM_SEND_FIRST_WAIT": "0.1"}
    with ExitStack() as stack:
        offices = [stack.enter_context(partner()) for _ in range(3)]
        crm, erp, last = (each.address for each in offices)
        siebel = stack.enter_context(siebel_process(directory, **tells, SIEBEL_SIM_SEND_MOST_WAIT="0.5"))
        settings = SETTINGS.format(crm=crm, erp=erp, last=last)
        gateway = stack.enter_context(gateway_process(directory, siebel, settings, port=port))
        stack.enter_context(gateway.working())
        yield World(siebel, gateway, *offices)


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """Give it with back offices that take everything, and leave nothing of a test to the next."""
    yield running
    for each in (running.crm, running.erp, running.last):
        _well(each)
    eventually(lambda: not any(running.waiting(name) for name in ("CRM_01", "ERP_01", "LAST_01")), seconds=60)


def test_a_change_by_siebels_own_service_reaches_whom_it_concerns(world: World) -> None:
    home, firm = number(), number()
    world.siebel.upsert(ACCOUNT, ACCOUNT.made(home), ACCOUNT.made(firm) | {"Type": "Business"})
    for office, keys in ((world.crm, (home, firm)), (world.erp, (firm,)), (world.last, (home, firm))):
        for key in keys:
            (body,) = eventually(lambda office=office, key=key: world.told(office, key))
            assert etree.QName(body).localname == "CUTReceiveAccountData_Input"
            assert body.findtext("{*}Source_spcSystem") == "SEBL_01"
            assert body.findtext(".//{*}CutAddress/{*}City") == "York"
    assert world.told(world.erp, home) == []


def test_a_childs_change_tells_the_whole_record_again(world: World) -> None:
    key = number()
    world.siebel.upsert(ACCOUNT, ACCOUNT.made(key))
    moved = {"IntegrationId": f"{key}-a", "City": "Leeds"}
    world.siebel.upsert(ACCOUNT, {"IntegrationId": key} | listed("CutAddress", moved))
    cities = eventually(lambda: _at_least(2, world.values(world.crm, key, "City")))
    assert cities == ["York", "Leeds"]
    assert world.told(world.crm, key)[-1].findtext(".//{*}Contact/{*}LastName") == "Jones"


def test_a_record_changed_by_command_and_by_control_is_told(world: World) -> None:
    key = number()
    world.siebel.upsert(ACCOUNT, ACCOUNT.made(key))
    row_id = world.siebel.one(ACCOUNT, key)["Id"]
    world.siebel.did("POST", "/change", {"record": "Account", "id": row_id, "set": {"Main Phone Number": "+1"}})
    assert eventually(lambda: _at_least(2, world.values(world.crm, key))) == ["", "+1"]


def test_a_ticket_is_told_when_it_is_the_back_offices(world: World) -> None:
    ours, theirs = number(), number()
    world.siebel.upsert(TICKET, TICKET.made(ours) | {"TicketType": "Customer"}, TICKET.made(theirs))
    eventually(lambda: world.told(world.crm, theirs, TICKET))
    world.siebel.upsert(TICKET, {"IntegrationId": ours, "TicketType": "Back Office"})
    (body,) = eventually(lambda: world.told(world.crm, ours, TICKET))
    assert body.findtext(".//{*}TicketType") == "Back Office"


def test_a_back_office_that_is_down_gets_all_of_it_in_order_and_delays_nobody(world: World) -> None:
    keys = [number() for _ in range(2)]
    world.crm.trouble = hangs_up()
    for value in ("", "1", "2", "3"):
        for key in keys:
            world.siebel.upsert(ACCOUNT, ACCOUNT.made(key) | {"MainPhoneNumber": value})
    for key in keys:  # meanwhile the other hears of the latest at least
        assert eventually(lambda key=key: [each for each in world.values(world.last, key) if each == "3"])
    assert world.waiting("CRM_01") >= len(keys)
    world.crm.trouble = None
    for key in keys:
        assert eventually(lambda key=key: _ends_with("3", world.values(world.crm, key))) == ["", "1", "2", "3"]
    eventually(lambda: world.waiting("CRM_01") == 0)
    for key in keys:  # tried again under the same id, told by no other
        ids = [int(body.findtext("{*}Message_spcId") or 0) for body in world.told(world.crm, key)]
        assert (ids == sorted(ids), len(set(ids))) == (True, 4)


def test_a_back_office_that_is_slow_delays_nobody_else(world: World) -> None:
    key, other = number(), number()
    world.crm.closed.clear()
    world.crm.entered.clear()
    world.crm.slow = True
    world.siebel.upsert(ACCOUNT, ACCOUNT.made(key))
    assert world.crm.entered.wait(30)
    world.siebel.upsert(ACCOUNT, ACCOUNT.made(other) | {"Type": "Business"})
    assert eventually(lambda: world.told(world.erp, other))
    assert eventually(lambda: world.told(world.last, other))
    assert world.told(world.crm, other) == []
    world.crm.closed.set()
    assert eventually(lambda: world.told(world.crm, other))


def test_one_that_fell_behind_is_told_the_latest_only(world: World) -> None:
    key = number()
    world.last.trouble = hangs_up()
    for value in ("1", "2", "3", "4", "5"):
        world.siebel.upsert(ACCOUNT, ACCOUNT.made(key) | {"MainPhoneNumber": value})
    eventually(lambda: _ends_with("5", world.values(world.crm, key)))
    assert world.waiting("LAST_01") >= 1
    world.last.told.clear()
    world.last.trouble = None
    assert eventually(lambda: _ends_with("5", world.values(world.last, key))) == ["5"]
    eventually(lambda: world.waiting("LAST_01") == 0)
    assert world.values(world.last, key) == ["5"]


def test_what_is_refused_waits_for_an_operator_who_has_it_told_again(world: World) -> None:
    key, other = number(), number()
    world.erp.trouble = Fault("Client", "the books are closed", None)
    world.siebel.upsert(ACCOUNT, ACCOUNT.made(key) | {"Type": "Business"})

    eventually(lambda: world.gateway.admin.errors("CUT_OUT_ERP_01"))
    (message,) = world.gateway.told("queue", "show", "CUT_OUT_ERP_01_ErrorQ")
    assert "the books are closed" in json.dumps(message)
    assert message["code"] == "O2C_SUBSCRIBER_REFUSED"
    assert any("CUT_OUT_ERP_01" in json.dumps(each) for each in world.gateway.told("queue", "alarms"))
    assert world.told(world.crm, key)
    world.erp.trouble = None
    world.siebel.upsert(ACCOUNT, ACCOUNT.made(other) | {"Type": "Business"})
    assert eventually(lambda: world.told(world.erp, other))
    done = world.gateway.o2c("queue", "resubmit", "--all", "CUT_OUT_ERP_01")
    assert done.returncode == 0, done.stderr
    first, again = eventually(lambda: _at_least(2, world.told(world.erp, key)))
    assert first.findtext("{*}Message_spcId") == again.findtext("{*}Message_spcId")
    assert world.gateway.admin.errors("CUT_OUT_ERP_01") == []


def test_an_error_that_is_answered_in_siebels_way_is_a_refusal_too(world: World) -> None:
    key = number()
    world.erp.error = ("ERP-17", "no such cost centre")
    world.siebel.upsert(ACCOUNT, ACCOUNT.made(key) | {"Type": "Business"})
    (message,) = eventually(lambda: world.gateway.admin.errors("CUT_OUT_ERP_01"))
    assert message.reason is not None
    assert "ERP-17" in message.reason.text
    world.gateway.admin.discard([message.intake])


def test_a_gateway_that_was_away_is_told_all_of_it_once_it_is_back(tmp_path: Path) -> None:
    port, key = spare_port(), number()
    tells = {"SIEBEL_SIM_SEND_TO": f"http://127.0.0.1:{port}", "SIEBEL_SIM_SEND_FIRST_WAIT": "0.1"}
    with siebel_process(tmp_path, **tells, SIEBEL_SIM_SEND_MOST_WAIT="0.3") as siebel, partner() as office:
        settings = f'[cut.subscribers.CRM_01]\nurl = "{office.address}/services/{{service}}"\nobjects = ["Account"]\n'
        for value in ("1", "2", "3"):
            siebel.upsert(ACCOUNT, ACCOUNT.made(key) | {"MainPhoneNumber": value})
        with gateway_process(tmp_path, siebel, settings, port=port) as gateway, gateway.working():
            eventually(lambda: len(office.told) >= 3, seconds=60)
            siebel.upsert(ACCOUNT, ACCOUNT.made(key) | {"MainPhoneNumber": "4"})
            eventually(lambda: len(office.told) >= 4)
    assert [body.findtext(".//{*}MainPhoneNumber") for body in office.told] == ["1", "2", "3", "4"]


def _well(office: Partner) -> None:
    office.trouble, office.error, office.slow = None, ("", ""), False
    office.closed.set()


def _at_least(count: int, found: Sequence[Any]) -> Sequence[Any]:
    return found if len(found) >= count else ()


def _ends_with(value: str, found: list[str]) -> list[str]:
    return found if found[-1:] == [value] else []
