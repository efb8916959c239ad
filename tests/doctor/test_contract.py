"""Whether a caller built from the contract here can call what an endpoint publishes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from soapkit.catalog import Contract, contracts_root, load
from soapkit.doctor.contract import difference
from soapkit.doctor.endpoint import Visit, examine
from soapkit.doctor.finding import Finding, Verdict
from soapkit.run import running
from soapkit.server import Service, application

BILLING = "ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl"
ORDERS = "xsd/ebo/FulfillmentOrderEBO.xsd"


def known() -> Mapping[str, Contract]:
    return {BILLING: load(f"wsdl/abcs/{BILLING}.wsdl")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy all contracts, to be changed."""
    for part in ("wsdl", "xsd"):
        shutil.copytree(contracts_root() / part, tmp_path / part)
    return tmp_path


def compared(wsdl: Path, ours: Mapping[str, Contract]) -> list[Finding]:
    contract = load(wsdl)
    service = Service(contract, {each.name: lambda request: request.body for each in contract.operations})
    with running(lambda url: application([service], public_url=url)) as url:
        visit = Visit(f"{url}/services/{contract.name}")
        found = list(examine(visit, lambda published: difference(published, ours)))
    return [each for each in found if each.check == "contract"]


def test_the_same_contract_over_http_is_the_same(copy: Path) -> None:
    [found] = compared(copy / f"wsdl/abcs/{BILLING}.wsdl", known())
    assert (found.verdict, found.text) == (Verdict.OK, "the same as the one here")


def test_what_breaks_this_caller_is_told_with_its_place(copy: Path) -> None:
    schema = copy / ORDERS
    text = schema.read_text(encoding="utf-8")
    assert 'name="ActionCode"' in text
    schema.write_text(text.replace('name="ActionCode"', 'name="ActionKind"'), encoding="utf-8")
    found = compared(copy / f"wsdl/abcs/{BILLING}.wsdl", known())
    assert {each.verdict for each in found} == {Verdict.FAILED}
    assert {each.path.rpartition("/")[2] for each in found} >= {"ActionCode", "ActionKind"}
    assert all("?wsdl" in each.change for each in found)


def test_a_service_that_is_not_known_here_is_not_judged(copy: Path) -> None:
    [found] = compared(copy / f"wsdl/abcs/{BILLING}.wsdl", {})
    assert found.verdict is Verdict.UNKNOWN
    assert BILLING in found.text
