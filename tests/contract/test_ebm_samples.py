"""The samples are what the contracts allow; what is wrong with the invalid ones is told by element and rule."""

from __future__ import annotations

import pytest

from soapkit.catalog import load
from soapkit.limits import parse
from tests.contract.places import SAMPLES

# knows orders, responses, subprocess messages and faults
CONTRACT = load("wsdl/abcs/ProcessFulfillmentOrderBillingBRMCommsAddSubProcess.wsdl")
BILLING = "process_fulfillment_order_billing."
EBM = "/ProcessFulfillmentOrderBillingEBM"
LINE = f"{EBM}/DataArea/ProcessFulfillmentOrderBilling/FulfillmentOrderLine"
CHARGE = "FulfillmentOrderSchedule/FulfillmentOrderScheduleCharge"

CONTENT, DATATYPE = "cvc-complex-type.2.4", "cvc-datatype-valid.1.2.1"
WRONG = {
    "date": (f"{LINE}[4]/EffectiveTimePeriod/EndDateTime", DATATYPE, "'2028-11-31T00:00:00Z' is not a valid value"),
    "empty_ebmid": (f"{EBM}/EBMHeader/EBMID", "minLength", "underruns the allowed minimum length of '1'"),
    "no_item": (f"{LINE}[2]/ItemReference/Name", CONTENT, "Expected is ( ItemIdentification )"),
    "no_target": (f"{EBM}/EBMHeader", CONTENT, "Expected is ( Target )"),
    "order_of_elements": (f"{LINE}[1]/BillingMode", CONTENT, "Expected is ( ActionCode )"),
    "price": (f"{LINE}[2]/{CHARGE}/PriceOverride", DATATYPE, "'30,00' is not a valid value"),
    "unknown_element": (f"{LINE}[2]/CampaignCode", CONTENT, "CampaignCode: This element is not expected"),
}
SAMPLES_OF_BILLING = sorted(path.name for path in SAMPLES.glob(f"{BILLING}*.xml"))


@pytest.mark.parametrize("sample", [name for name in SAMPLES_OF_BILLING if ".invalid." not in name])
def test_a_sample_is_valid(sample: str) -> None:
    assert CONTRACT.check(parse((SAMPLES / sample).read_bytes())) == ()


@pytest.mark.parametrize("sample", [name for name in SAMPLES_OF_BILLING if ".invalid." in name])
def test_an_invalid_sample_is_refused_by_element_and_rule(sample: str) -> None:
    path, rule, text = WRONG[sample.removeprefix(BILLING).removesuffix(".invalid.xml")]

    found = CONTRACT.check(parse((SAMPLES / sample).read_bytes()))

    assert [(violation.path, violation.rule) for violation in found] == [(path, rule)]
    assert text in found[0].text
