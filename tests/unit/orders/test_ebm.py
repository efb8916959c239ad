"""EBMs are read as they are meant, and what the schema leaves open is refused by element."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from gateway.domain.codes import Action, BillingMode, FulfillmentMode, PriceType, ProductType
from gateway.domain.order import ORDER_PATH, Order
from gateway.errors import BusinessError, Contradiction, InvalidMessage
from gateway.transforms.ebm import Header, decode, group_of, header
from soapkit.catalog import load
from soapkit.limits import parse
from tests.unit.orders.canonical import sample
from tests.unit.orders.messages import body, message
from tests.unit.orders.orders import line, named, order
from tests.unit.orders.strategies import rich_orders

SAMPLE = "process_fulfillment_order_billing.add.initiate.xml"
CONTRACT = "wsdl/abcs/ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl.wsdl"


@given(rich_orders())
def test_reading_is_the_inverse_of_writing(made: Order) -> None:
    element = message(made)
    assert load(CONTRACT).check(element) == ()
    assert decode(element).order == made


def test_the_sample_is_read_with_everything_it_says() -> None:
    read = decode(parse(sample(SAMPLE))).order
    assert (read.ebm_id, read.sender, read.target) == ("5f0c6f1e-53e1-4d0a-9a44-6b7f0c1f0001", "OSMCFS_01", "BRM_01")
    assert (read.id, read.number, read.revision, read.account.id) == ("order-0001", "1-10001", "1", "acct-0001")
    assert [one.product for one in read.lines] == [
        ProductType.SERVICE_BUNDLE,
        ProductType.SUBSCRIPTION,
        ProductType.ITEM,
        ProductType.DISCOUNT,
        ProductType.SUBSCRIPTION,
    ]
    bundle, tariff, _, discount, _ = read.lines
    assert (bundle.service_id, bundle.permitted_type) == ("447700900123", "/service/telco/gsm/telephony")
    assert (tariff.charges[0].price_type, tariff.charges[0].override) == (PriceType.RECURRING, Decimal("30.00"))
    assert discount.dates.end == datetime(2028, 11, 20, tzinfo=UTC)


def test_an_id_longer_than_a_key_is_refused_by_its_element() -> None:
    read = parse(sample(SAMPLE).replace(b"asset-0002", b"a" * 256))
    with pytest.raises(InvalidMessage, match="at most 255 characters, not 256") as refused:
        decode(read)
    line_path = f"{ORDER_PATH}/FulfillmentOrderLine[2]"
    named_by = "InstalledProductReference/InstalledProductIdentification/BusinessComponentID"
    assert refused.value.element == f"{line_path}/{named_by}"
    assert decode(parse(sample(SAMPLE).replace(b"asset-0002", b"a" * 255))).order.lines[1].asset == "a" * 255


def test_what_the_order_says_is_the_default_of_its_lines() -> None:
    read = decode(parse(sample(SAMPLE))).order
    assert {one.billing for one in read.lines} == {BillingMode.INITIATE}
    assert {one.fulfillment for one in read.lines} == {FulfillmentMode.DO}
    other = sample(SAMPLE).replace(
        b"<BillingMode>INITIATE BILLING</BillingMode>", b"<BillingMode>Fulfill</BillingMode>", 1
    )
    assert [one.billing for one in decode(parse(other)).order.lines] == [BillingMode.INITIATE] + [
        BillingMode.FULFILL
    ] * 4


@pytest.mark.parametrize(
    ("area", "verb", "code"),
    [("A", "V", "A"), ("A", None, "A"), (None, "V", "V"), ("", "V", "V"), (None, None, "")],
)
def test_a_response_code_on_the_data_area_wins(area: str | None, verb: str | None, code: str) -> None:
    xml = sample(SAMPLE).decode()
    attribute = ' responseCode="REQUIRED_FOR_BUSINESS_AND_SYSTEM_ERRORS"'
    xml = xml.replace(attribute, "" if area is None else f' responseCode="{area}"')
    xml = xml.replace(
        "<corecom:Process/>", "<corecom:Process/>" if verb is None else f'<corecom:Process responseCode="{verb}"/>'
    )
    assert header(parse(xml.encode())).response_code == code


def test_a_header_is_read_as_far_as_it_is_there() -> None:
    assert header(parse(b"<nothing/>")) == Header("", "", "", "", "")


def test_orders_of_one_account_for_one_brm_are_one_group() -> None:
    assert group_of(parse(sample(SAMPLE))) == "BRM_01/acct-0001"
    assert group_of(parse(b"<nothing/>")) is None


def spoilt(old: str, new: str, count: int = 1) -> bytes:
    xml = sample(SAMPLE).decode()
    assert old in xml
    return xml.replace(old, new, count).encode()


@pytest.mark.parametrize(
    ("xml", "kind", "element", "said"),
    [
        (
            spoilt("<ActionCode>ADD<", "<ActionCode>ADDD<"),
            Contradiction,
            f"{ORDER_PATH}/FulfillmentOrderLine[1]/ActionCode",
            "line 1 (line-0001): ActionCode 'ADDD' is not known",
        ),
        (
            spoilt("<FulfillmentModeCode>DO<", "<FulfillmentModeCode>MAYBE<"),
            Contradiction,
            f"{ORDER_PATH}/FulfillmentOrderLine[1]/FulfillmentModeCode",
            "'MAYBE'",
        ),
        (
            spoilt("<BillingMode>INITIATE BILLING<", "<BillingMode>LATER<"),
            Contradiction,
            f"{ORDER_PATH}/BillingMode",
            "line 1.1 (line-0002): BillingMode 'LATER' is not known",
        ),
        (
            spoilt('"BillingProductTypeCode">ITEM<', '"BillingProductTypeCode">TOY<'),
            Contradiction,
            f"{ORDER_PATH}/FulfillmentOrderLine[3]/ItemReference/ClassificationCode[@listID='BillingProductTypeCode']",
            "'TOY'",
        ),
        (
            spoilt('<ClassificationCode listID="BillingProductTypeCode">ITEM</ClassificationCode>', ""),
            Contradiction,
            f"{ORDER_PATH}/FulfillmentOrderLine[3]/ItemReference/ClassificationCode[@listID='BillingProductTypeCode']",
            "is missing",
        ),
        (
            spoilt("<PriceTypeCode>ONE-TIME<", "<PriceTypeCode>TWICE<"),
            Contradiction,
            f"{ORDER_PATH}/FulfillmentOrderLine[3]/FulfillmentOrderSchedule/FulfillmentOrderScheduleCharge[1]/PriceTypeCode",
            "'TWICE'",
        ),
        (
            spoilt(
                '<corecom:BusinessComponentID schemeID="SALESORDER_LINEID" schemeAgencyID="COMMON">line-0002'
                "</corecom:BusinessComponentID>",
                "",
            ),
            InvalidMessage,
            f"{ORDER_PATH}/FulfillmentOrderLine[2]/Identification/BusinessComponentID",
            "is missing",
        ),
        (
            spoilt(">billprof-0001<", "><"),
            InvalidMessage,
            named(1, "profile", "").path,
            "BusinessComponentID is missing",
        ),
        (
            spoilt("2028-11-20T00:00:00Z", "12028-11-20T00:00:00Z"),
            InvalidMessage,
            f"{ORDER_PATH}/FulfillmentOrderLine[4]/EffectiveTimePeriod/EndDateTime",
            "'12028-11-20T00:00:00Z' is not a date and time",
        ),
    ],
)
def test_what_the_schema_lets_pass_is_refused_naming_element_and_rule(
    xml: bytes, kind: type[BusinessError], element: str, said: str
) -> None:
    parsed = parse(xml)
    assert load(CONTRACT).check(parsed) == ()
    with pytest.raises(kind) as refused:
        decode(parsed)
    assert refused.value.element == element
    assert said in refused.value.text


def test_a_promotion_is_known_by_its_type() -> None:
    promotion = order(line(1, ProductType.PROMOTION, action=Action.NONE, billing=None, item=None))
    assert decode(parse(body(promotion))).order == promotion


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00.9", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00+02:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
    ],
)
def test_dates_are_kept_in_utc_to_the_second(given_: str, kept: datetime) -> None:
    assert decode(parse(spoilt("2028-11-20T00:00:00Z", given_))).order.lines[3].dates.end == kept


def test_a_balance_group_is_named_by_its_key_in_the_target() -> None:
    hint = "<BalanceGroupReference><BalanceGroupIdentification>{}</BalanceGroupIdentification></BalanceGroupReference>"
    key = '<corecom:ApplicationObjectKey><corecom:ID schemeAgencyID="{}">{}</corecom:ID></corecom:ApplicationObjectKey>'
    end = "</EffectiveTimePeriod>"
    good = spoilt(end, end + hint.format(key.format("BRM_01", "0.0.0.1 /balance_group 9 4")))
    group = decode(parse(good)).order.lines[3].balance_group
    assert group is not None
    assert group.poid == "0.0.0.1 /balance_group 9"
    for bad in ("", key.format("BRM_02", "0.0.0.1 /balance_group 9"), key.format("BRM_01", "nine")):
        with pytest.raises(InvalidMessage, match="BalanceGroupIdentification/ApplicationObjectKey/ID"):
            decode(parse(spoilt(end, end + hint.format(bad))))


def test_a_balance_group_of_the_account_is_no_hint() -> None:
    end, hint = "</EffectiveTimePeriod>", "<BalanceGroupReference><TypeCode>Account</TypeCode></BalanceGroupReference>"
    assert decode(parse(spoilt(end, end + hint))).order.lines[3].balance_group is None
