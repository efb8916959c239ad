"""The products' own faults, in SOAP 1.1 and in SOAP 1.2: BRM's error buffer, AIA's corecom:Fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from lxml import etree

from brm_sim import server as brm_server
from brm_sim.settings import Settings as BrmSettings
from brm_sim.shapes import NAMESPACE
from gateway import bootstrap
from gateway.bootstrap import Gateway
from gateway.config import Settings
from soapkit.catalog import contracts_root
from soapkit.versions import Version
from tests.contract.soapkit.orders import envelope, post

BOTH = pytest.mark.parametrize("version", Version)
B = f"{{{NAMESPACE}}}"
CORE = "{http://xmlns.oracle.com/EnterpriseObjects/Core/Common/V2}"
SAMPLES = contracts_root() / "tests" / "samples"
PATH = "/services/ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    settings = Settings.model_validate(
        {
            "gateway": {"database": f"sqlite:///{tmp_path / 'gateway.db'}"},
            "brm": {"BRM_01": {"url": "http://127.0.0.1:1"}},
        }
    )
    with closing(bootstrap.build(settings)) as built:
        yield built


def sample(name: str) -> str:
    tree = etree.parse(SAMPLES / f"process_fulfillment_order_billing.{name}.xml")
    return etree.tostring(tree.getroot(), encoding="unicode")


@BOTH
def test_brm_refuses_with_an_error_buffer(tmp_path: Path, version: Version) -> None:
    body = f'<pcmOpSearch xmlns="{NAMESPACE}"><flags>0</flags><PCM_OP_SEARCH_inputFlist/></pcmOpSearch>'
    settings = BrmSettings.model_validate({"url": f"sqlite:///{tmp_path / 'brm.sqlite'}"})
    with closing(brm_server.build(settings)) as brm:
        address = "http://brm.test/services/BRMBaseServices_v2"
        answer = post(brm, envelope(body, version=version), address, Content_Type=version.content_type)

    assert (answer.body.tag, answer.fault.code) == (version.fault, "Client")
    assert answer.fault.detail is not None
    assert answer.fault.detail.tag == f"{B}ErrorBuffer"


@BOTH
def test_the_gateway_refuses_an_order_in_the_words_of_aia(gateway: Gateway, version: Version) -> None:
    message = envelope(sample("date.invalid"), version=version)

    answer = post(gateway.application(), message, f"http://gateway.test{PATH}", Content_Type=version.content_type)

    assert (answer.body.tag, answer.fault.code) == (version.fault, "Client")
    assert answer.fault.detail is not None
    assert answer.fault.detail.tag == f"{CORE}Fault"


@BOTH
def test_a_brm_that_is_away_is_a_warning_with_the_orders_id_and_no_traceback(
    gateway: Gateway, version: Version
) -> None:
    order = sample("add.initiate")
    ebm_id = etree.fromstring(order).findtext(f".//{CORE}EBMID")
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = post(
            gateway.application(),
            envelope(order, version=version),
            f"http://gateway.test{PATH}",
            Content_Type=version.content_type,
        )

    told = [entry for entry in logs if entry["event"] == "request not served"]
    assert (answer.status, answer.fault.code, answer.headers["X-Correlation-Id"]) == (500, "Server", ebm_id)
    assert [(entry["log_level"], entry["correlation_id"]) for entry in told] == [("warning", ebm_id)]
    assert not any("exc_info" in entry for entry in logs)
