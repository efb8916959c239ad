"""The comparison that the interoperability tests rest on: it sees what differs, and nothing in what means the same."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.interop.cases import contracts, full
from tests.interop.equal import Comparison

BRM = contracts()["BRMCustServices_v2"]
ABCS = contracts()["ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl"]
SET_STATUS = next(case.message for case in full() if case.name == "BRMCustServices_v2.pcmOpCustSetStatus")
ORDER = next(case.message for case in full() if case.contract is ABCS)


def differences(message: bytes, what: bytes, by: bytes, **options: bool) -> list[str]:
    contract = BRM if message is SET_STATUS else ABCS
    assert what in message
    other = etree.fromstring(message.replace(what, by, 1))
    return Comparison(contract, **options).differences(etree.fromstring(message), other)


@pytest.mark.parametrize(
    ("message", "what", "by"),
    [
        (ORDER, b"T09:30:00Z", b"T09:30:00.000+00:00"),
        (ORDER, b"T09:30:00Z", b"T10:30:00+01:00"),
        (ORDER, b'currencyCode="GBP">10.00<', b'currencyCode="GBP">10<'),
        (SET_STATUS, b"<brm:flags>0<", b"<brm:flags> 0 <"),
        (SET_STATUS, b"<brm:flags>", b"<!-- none --><brm:flags>"),
    ],
)
def test_what_means_the_same_is_equal(message: bytes, what: bytes, by: bytes) -> None:
    assert differences(message, what, by) == []


@pytest.mark.parametrize(
    ("message", "what", "by"),
    [
        (ORDER, b"T09:30:00Z", b"T09:30:01Z"),
        (ORDER, b'currencyCode="GBP"', b'currencyCode="EUR"'),
        (ORDER, b' currencyCode="GBP"', b""),
        (ORDER, b"<corecom:EBMHeader", b'<corecom:EBMHeader extra="1"'),
        (SET_STATUS, b"<brm:flags>0</brm:flags>", b""),
        (SET_STATUS, b"<brm:flags>0<", b"<brm:flags>1<"),
        (SET_STATUS, b"/BRM/schemas/", b"/BRM/schema/"),
        (SET_STATUS, b"<brm:flags>0</brm:flags>", b"<flags>0</flags>"),
    ],
)
def test_what_says_something_else_is_told_with_its_place(message: bytes, what: bytes, by: bytes) -> None:
    [told] = differences(message, what, by)

    assert told.startswith("/")


def test_names_without_namespaces_will_do_where_asked() -> None:
    assert differences(SET_STATUS, b"/BRM/schemas/", b"/BRM/schema/", namespaces=False) == []


def test_elements_that_hold_nothing_may_be_missing_where_asked() -> None:
    assert differences(ORDER, b"<corecom:Custom/>", b"", empty=False) == []
    assert differences(ORDER, b"<corecom:Custom/>", b"") != []
