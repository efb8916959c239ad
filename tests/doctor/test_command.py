"""`o2c doctor` as people and scripts run it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner, Result

from gateway.cli.main import app
from gateway.cli.output import Failed
from soapkit.catalog import load
from soapkit.envelope import wrap
from soapkit.run import running
from soapkit.server import Service, application
from tests.doctor.test_message import SAMPLE


def doctor(*arguments: str, pasted: bytes = b"") -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments], input=pasted)


def order(*, quantity: str = "1") -> bytes:
    text = wrap(etree.parse(SAMPLE).getroot()).decode()
    return text.replace("<OrderQuantity>1<", f"<OrderQuantity>{quantity}<", 1).encode()


def test_a_pasted_message_that_is_fine_exits_with_0() -> None:
    done = doctor("message", "-", pasted=order())
    assert (done.exit_code, "A service would take this message." in done.stdout) == (0, True)


def test_a_refused_message_exits_with_1_and_says_what_to_change(tmp_path: Path) -> None:
    (tmp_path / "order.xml").write_bytes(order(quantity="?"))
    done = doctor("message", str(tmp_path / "order.xml"))
    assert done.exit_code == 1
    assert "cvc-datatype-valid.1.2.1" in done.stdout
    assert "produced by: SoapUI" in done.stdout
    assert "change: Fill the value in" in done.stdout


def test_headers_may_be_given_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "order.xml").write_bytes(order())
    done = doctor("message", str(tmp_path / "order.xml"), "-H", "Content-Type: application/json", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["healthy"]) == (1, False)
    assert [each["check"] for each in told["findings"]] == ["content-type"]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    contract = load("wsdl/brm/BRMBaseServices_v2.wsdl")
    service = Service(contract, {each.name: lambda request: request.body for each in contract.operations})
    with running(lambda url: application([service], public_url=url)) as url:
        yield f"{url}/services/{contract.name}"


@pytest.mark.parametrize("suffix", ["", "?wsdl"])
def test_an_endpoint_that_can_be_used_exits_with_0(endpoint: str, suffix: str) -> None:
    done = doctor("endpoint", endpoint + suffix, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["healthy"]) == (0, True)
    assert [each["check"] for each in told["findings"]] == [
        "reachable",
        "clock",
        "wsdl",
        "address",
        "contract",
        "authentication",
    ]


def test_an_endpoint_without_a_service_exits_with_1(endpoint: str) -> None:
    done = doctor("endpoint", endpoint.replace("Base", "Bass"))
    assert done.exit_code == 1
    assert "Mend what failed" in done.stdout


@pytest.mark.parametrize("address", ["localhost/x", "http://localhost:x/", "http://[::1/x", "http://a:b@localhost/x"])
def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    done = doctor("endpoint", address)
    assert isinstance(done.exception, Failed)


def test_a_file_without_certificates_is_said_to_hold_none(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    done = doctor("endpoint", endpoint, "--ca", str(tmp_path / "ca.pem"))
    assert isinstance(done.exception, Failed)
    assert "no certificates" in str(done.exception)
