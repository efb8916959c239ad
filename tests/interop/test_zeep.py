"""Partners on Python: zeep reads the published contracts, bills an order with typed values, and gets a typed fault."""

from __future__ import annotations

from typing import Any

import pytest
from zeep import Client
from zeep.exceptions import Fault

from tests.interop.places import BILLING, BRM_BASE, Customer, Site, read_object
from tests.interop.zeep_order import mobile


def client(url: str) -> Any:
    return Client(url)  # type: ignore[no-untyped-call] # zeep is untyped


def test_zeep_reads_every_published_contract_without_a_warning(
    gateway: Site, brm: Site, caplog: pytest.LogCaptureFixture
) -> None:
    published = gateway.services() | brm.services()

    read = {name: list(client(url).wsdl.services) for name, url in published.items()}

    assert read == {name: [name] for name in published}
    assert [record.getMessage() for record in caplog.records if record.name.startswith("zeep")] == []


def test_a_full_order_is_billed_with_typed_values_and_is_then_in_brm(
    gateway: Site, brm: Site, customer: Customer
) -> None:
    order = mobile("Z-1", customer, "447700900601")

    answer = client(gateway.wsdl(BILLING)).service.ProcessBilling(**order)

    billed = answer.DataArea.ProcessFulfillmentOrderBillingResponse
    assert answer.EBMHeader.RequestEBMID._value_1 == order["EBMHeader"]["EBMID"]
    assert billed.Status.Code._value_1 == "COMPLETE"
    keys = [line.InstalledProductReference.InstalledProductIdentification for line in billed.FulfillmentOrderLine]
    made = [read_object(brm, key.ApplicationObjectKey.ID._value_1)["O2C_FLD_COMMON_ID"] for key in keys]
    assert made == [f"asset-Z-1-{position}" for position in ("1", "1.1", "1.2", "1.3", "2")]


def test_the_fault_has_a_typed_detail(gateway: Site, customer: Customer) -> None:
    order = mobile("Z-2", Customer(customer.account, "billprof-nowhere"), "447700900602")
    billing = client(gateway.wsdl(BILLING))

    with pytest.raises(Fault) as caught:
        billing.service.ProcessBilling(**order)

    fault = billing.wsdl.types.deserialize(caught.value.detail[0])
    assert fault.EBMReference.EBMID._value_1 == order["EBMHeader"]["EBMID"]
    message = fault.FaultNotification[0].FaultMessage
    assert message.Code._value_1 == "AIA_ERR_AIACOMBMPI_0002"
    assert "BillingProfileReference" in message.Text[0]
    assert message.ApplicationFaultData.OrderFailureData.OrderID.BusinessComponentID._value_1 == "order-Z-2"


def test_an_error_buffer_of_brm_is_a_typed_fault(brm: Site) -> None:
    base = client(brm.wsdl(BRM_BASE))

    with pytest.raises(Fault) as caught:
        base.service.pcmOpReadObj(PCM_OP_READ_OBJ_inputFlist={"POID": "0.0.0.1 /account 999999999"})

    error = base.wsdl.types.deserialize(caught.value.detail[0])
    assert (error.errno._value_1, error.errno.number, error.field) == ("PIN_ERR_NOT_FOUND", 3, "PIN_FLD_POID")
