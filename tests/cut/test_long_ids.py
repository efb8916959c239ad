"""Ids become keys of what is stored, and PostgreSQL's indexes hold no long ones: those are refused, by name."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from gateway.messaging.attempt import Ending
from tests.cut.site import Site, data, site
from tests.siebel_sim.simulator import Simulator

LONG = secrets.token_hex(5000)
BARE = "<ListOfCutSampleAccountIo><Account><IntegrationId>{}</IntegrationId><Name>Jones</Name></Account>"
BARE += "</ListOfCutSampleAccountIo>"


@pytest.fixture
def gateway(postgres_url: str, siebel: Simulator) -> Iterator[Site]:
    told = {"subscribers": {"CRM_01": {"queue": "CRM_QUEUE", "two_way": True}}}
    with site(postgres_url, siebel.address, told, queue={"retry_attempts": 1}) as made:
        yield made


@pytest.mark.parametrize("name", ["Message_spcId", "Source_spcSystem"])
def test_a_process_property_that_is_a_key_is_refused(gateway: Site, name: str) -> None:
    given = data(gateway.objects["Account"], {"IntegrationId": "C-1", "Name": "Jones"})
    ((code, text),) = gateway.refused("Account", "Receive", given, **{name: LONG})
    assert (code, f"{name} has 10000 characters; at most 255 are kept" in text) == ("O2C_INVALID_MESSAGE", True)


def test_a_record_that_is_called_so_is_for_siebel_to_refuse(gateway: Site) -> None:
    given = data(gateway.objects["Account"], {"IntegrationId": LONG, "Name": "Jones"})
    told = gateway.refused("Account", "Receive", given)
    assert [code for code, _ in told] == ["SBL-BPR-00162", "SBL-EAI-04376", "SBL-DAT-00235"]


def test_a_change_of_a_record_that_is_called_so_is_not_stored(gateway: Site) -> None:
    given = data(gateway.objects["Account"], {"Id": LONG, "Name": "Jones"})
    assert [code for code, _ in gateway.refused("Account", "Send", given)] == ["O2C_INVALID_MESSAGE"]


@pytest.mark.parametrize(
    "written", [BARE.format(LONG), f'<SiebelMessage MessageId="{LONG}">{BARE.format("C-1")}</SiebelMessage>']
)
def test_a_queue_puts_such_a_message_aside(gateway: Site, written: str) -> None:
    gateway.gateway.admin.put("CUT_IN_ACCOUNT", written.encode())
    assert gateway.work_on("CUT_IN_ACCOUNT") == [Ending.ERROR]
