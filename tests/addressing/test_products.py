"""The gateway and the BRM simulator speak WS-Addressing without being asked to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import urllib3
from lxml import etree

from soapkit.addressing import W3C
from soapkit.catalog import load
from soapkit.client import Client
from soapkit.versions import Version
from tests.acceptance.answers import BILLING, contract
from tests.acceptance.orders import ebm, mobile
from tests.acceptance.site import Brm, Site, brm_server, site
from tests.addressing.messages import ID, Way
from tests.addressing.receiver import trap

BASE = "BRMBaseServices_v2"
WAYS = [Way(W3C, version) for version in Version]


@pytest.fixture(scope="module")
def brm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brm]:
    with brm_server(tmp_path_factory.mktemp("brm")) as served:
        yield served


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, brm: Brm) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("gateway"), brm) as made:
        yield made


def post(url: str, way: Way, header: str, body: str) -> tuple[int, etree._Element]:
    """Post an envelope over HTTP; status and envelope of the answer."""
    namespace = way.version.value
    message = f'<s:Envelope xmlns:s="{namespace}"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    headers = {"Content-Type": way.version.content_type}
    answer = urllib3.request("POST", url, body=message.encode(), headers=headers, retries=False, timeout=60)
    return answer.status, etree.fromstring(answer.data)


def header_of(root: etree._Element, local: str) -> str | None:
    return root.findtext(f"{{*}}Header/{W3C.name(local)}")


@pytest.mark.parametrize("way", WAYS, ids=["1.1", "1.2"])
def test_an_addressed_order_is_answered_in_relation_to_it(world: Site, way: Way) -> None:
    order = mobile(world.number(), world.customer())
    body = ebm(order).decode().partition("?>")[2]
    url = f"{world.url}/services/{BILLING}"
    status, answer = post(url, way, way.headers(action="ProcessBilling"), body)
    assert (status, header_of(answer, "RelatesTo")) == (200, ID)
    assert (header_of(answer, "Action") or "").endswith("PortType/ProcessBillingResponse")
    element = answer.find("{*}Body/*")
    assert element is not None
    assert contract(BILLING).check(element) == ()


@pytest.mark.parametrize("way", WAYS, ids=["1.1", "1.2"])
def test_an_order_to_be_answered_elsewhere_is_not_billed_without_a_registration(world: Site, way: Way) -> None:
    customer = world.customer()
    body = ebm(mobile(world.number(), customer)).decode().partition("?>")[2]
    with trap() as caught:
        reply_to = way.reference("ReplyTo", f"http://127.0.0.1:{caught.port}/")
        url = f"{world.url}/services/{BILLING}"
        status, answer = post(url, way, way.headers(reply_to, action="ProcessBilling"), body)
    assert (status in (400, 500), caught.connections) == (True, 0)
    assert header_of(answer, "Action") == W3C.fault
    assert (world.brm.made(customer), world.gateway.replies.list()) == ({}, [])
    if way.version is Version.SOAP_11:
        assert answer.find(".//detail") is None, "SOAP 1.1 has no detail about header blocks"


@pytest.mark.parametrize("way", WAYS, ids=["1.1", "1.2"])
def test_the_simulator_answers_on_the_connection_only(brm: Brm, way: Way) -> None:
    body = '<pcmOpSearch xmlns="http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes"/>'
    action = "http://xmlns.oracle.com/BRM/services/BRMBaseServices_v2/pcmOpSearch"
    with trap() as caught:
        reply_to = way.reference("ReplyTo", f"http://127.0.0.1:{caught.port}/")
        status, answer = post(f"{brm.address}/services/{BASE}", way, way.headers(reply_to, action=action), body)
    assert (status in (400, 500), caught.connections) == (True, 0)
    assert (header_of(answer, "Action"), header_of(answer, "RelatesTo")) == (W3C.fault, ID)


def test_the_simulator_answers_addressed_calls(brm: Brm) -> None:
    client = Client(load(f"wsdl/brm/{BASE}.wsdl"), f"{brm.address}/services/{BASE}", addressing=True)
    namespace = "http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes"
    call = etree.fromstring(
        f'<pcmOpReadFlds xmlns="{namespace}"><flags>0</flags><PCM_OP_READ_FLDS_inputFlist>'
        "<POID>0.0.0.1 /account 1 0</POID><ACCOUNT_NO/></PCM_OP_READ_FLDS_inputFlist></pcmOpReadFlds>"
    )
    answer = client.call("pcmOpReadFlds", call)
    assert answer is not None
    assert answer.findtext(f".//{{{namespace}}}ACCOUNT_NO") == "ROOT.0.0.0.1"
