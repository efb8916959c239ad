"""Every contract compiles, and loads without a warning where it will be loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from zeep import Client

from soapkit.catalog import load
from tests.contract.places import ABCS, SCHEMAS, WSDLS

OPERATIONS = {
    "ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl": ("ProcessBilling", False),
    "ProcessFulfillmentOrderBillingBRMCommsAddSubProcess": ("processBillingAdd", False),
    "ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer": ("Consume_Message", True),
    "ProcessFulfillmentOrderBillingResponseOSMCFSCommsJMSProducer": ("Produce_ProcessFOBResponse", True),
}


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.stem)
def test_a_schema_compiles_by_itself(file: Path) -> None:
    assert etree.XMLSchema(etree.parse(file)) is not None


@pytest.mark.parametrize("file", WSDLS, ids=lambda file: file.stem)
def test_zeep_loads_a_service_without_a_warning(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    services = Client(str(file)).wsdl.services  # type: ignore[no-untyped-call] # zeep is untyped

    assert (list(services), caplog.messages) == ([file.stem], [])


@pytest.mark.parametrize("file", ABCS, ids=lambda file: file.stem)
def test_a_service_offers_the_operation_of_the_seed(file: Path) -> None:
    contract = load(file)

    found = [(operation.name, operation.output is None) for operation in contract.operations]

    assert (contract.name, found) == (file.stem, [OPERATIONS[file.stem]])
