"""A change in Siebel fires its Send workflow and reaches the back office, by the processes' own threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Gateway, build
from gateway.config import Settings
from gateway.messaging.time import StoppablePause
from siebel_sim.server import build as build_siebel
from siebel_sim.settings import Settings as SiebelSettings
from soapkit.catalog import contracts_root
from soapkit.server import running
from tests.cut.partner import Partner
from tests.cut.site import control_token, fields
from tests.siebel_sim.simulator import Simulator

BOUND = 3000


@pytest.fixture
def fired(tmp_path: Path, back_office: Partner) -> Iterator[Simulator]:
    """Run Siebel, which tells the gateway, which tells the back office; all by their own threads."""

    def gateway(siebel: str) -> Gateway:
        wanted = ["Account", "Trouble Ticket"]  # a service profile's root is an account, too: it would be told as well
        subscribers = {"OSM_01": {"url": f"{back_office.address}/services/{{service}}", "objects": wanted}}
        return build(
            Settings.model_validate(
                {
                    "gateway": {"database": f"sqlite:///{tmp_path / 'g.db'}"},
                    "queue": {"poll_seconds": 0.05},
                    "siebel": {"SEBL_01": {"url": siebel}},
                    "cut": {"subscribers": subscribers},
                }
            )
        )

    def siebel(address: str, tells: str) -> SiebelSettings:
        given: dict[str, Any] = {"url": f"sqlite:///{tmp_path / 's.db'}", "public_url": address, "send_to": tells}
        contracts = contracts_root() / "wsdl" / "siebel"
        return SiebelSettings.model_validate(given | {"contracts": contracts, "control_token": control_token()})

    with ExitStack() as stack:
        made = gateway("http://127.0.0.1:9")
        stack.callback(made.close)
        tells = stack.enter_context(running(lambda _: made.application(), threads=4))
        at = stack.enter_context(
            running(lambda address: stack.enter_context(closing(build_siebel(siebel(address, tells)))), threads=4)
        )
        worker = made.worker()
        worker.start()
        stack.callback(worker.stop)
        yield Simulator(at, folder=contracts_root() / "wsdl" / "siebel")


def test_each_change_arrives_in_order_with_the_whole_record(fired: Simulator, back_office: Partner) -> None:
    record = {"IntegrationId": "C-1", "Name": "Smith Ltd", "Location": "Leeds"}
    fired.call("CUTSampleAccountInsertOrUpdate", record)
    fired.call("CUTSampleAccountInsertOrUpdate", record | {"MainPhoneNumber": "+441132960001"})
    fired.call("CUTSampleAccountInsertOrUpdate", {"IntegrationId": "C-1", "CutAddress": [_address()]})
    wait(lambda: len(back_office.told) >= 3)
    came = [fields(each[0][0]) for each in back_office.told]
    assert [each["Name"] for each in came] == ["Smith Ltd"] * 3
    assert [each.get("MainPhoneNumber") for each in came] == [None, "+441132960001", "+441132960001"]
    assert [each.get("CutAddress", [{}])[0].get("City") for each in came] == [None, None, "Leeds"]
    numbers = [int(each) for each in back_office.message_ids()]
    assert numbers == sorted(set(numbers))


def test_a_ticket_is_told_once_it_is_for_the_back_office(fired: Simulator, back_office: Partner) -> None:
    ticket = {"SRNumber": "T-1", "TicketType": "Customer", "Abstract": "no dial tone"}
    fired.call("CUTSampleTroubleTicketInsertOrUpdate", ticket)
    fired.call("CUTSampleTroubleTicketInsertOrUpdate", ticket | {"TicketType": "Back Office"})
    wait(lambda: bool(back_office.told))
    [came] = back_office.told
    assert fields(came[0][0])["TicketType"] == "Back Office"


def _address() -> dict[str, str]:
    return {"AddressName": "HQ", "StreetAddress": "1 Mill Lane", "City": "Leeds", "Country": "United Kingdom"}


def wait(until: Callable[[], bool]) -> None:
    pause = StoppablePause()
    for _ in range(BOUND):
        if until() or pause.pause(timedelta(milliseconds=10)):
            return
    pytest.fail("it did not arrive")
