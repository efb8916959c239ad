"""Codes are read loosely, and an unknown one is refused by name."""

from __future__ import annotations

import pytest

from gateway.domain.codes import (
    Action,
    BillingMode,
    FulfillmentMode,
    LineStatus,
    PriceType,
    ProductType,
    known,
    read,
)
from gateway.errors import Contradiction


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("SERVICE BUNDLE", ProductType.SERVICE_BUNDLE),
        ("SERVICE_BUNDLE", ProductType.SERVICE_BUNDLE),
        ("Service Bundle", ProductType.SERVICE_BUNDLE),
        ("Special Rating", ProductType.SPECIAL_RATING),
        ("MOVE-ADD", Action.MOVE_ADD),
        ("MoveAdd", Action.MOVE_ADD),
        ("Move-Add", Action.MOVE_ADD),
        ("move_delete", Action.MOVE_DELETE),
        ("-", Action.NONE),
        ("Existing", Action.NONE),
        ("INITIATE BILLING", BillingMode.INITIATE),
        ("FulfillBilling", BillingMode.FULFILL),
        ("Deliver", FulfillmentMode.DO),
        ("One-Time", PriceType.ONE_TIME),
    ],
)
def test_spellings_of_one_code_are_one_code(token: str, code: Action) -> None:
    assert known(type(code), token) is code


@pytest.mark.parametrize("kind", [Action, BillingMode, FulfillmentMode, ProductType, PriceType, LineStatus])
def test_every_code_is_read_from_its_own_wire_value(kind: type[Action]) -> None:
    assert [known(kind, code.value) for code in kind] == list(kind)


@pytest.mark.parametrize("token", ["", "ADDED", "AD D!x", "☃"])
def test_an_unknown_code_is_refused_naming_line_element_and_value(token: str) -> None:
    with pytest.raises(Contradiction) as refused:
        read(Action, token, "/a/FulfillmentOrderLine[2]/ActionCode", "line 1.1 (line-0002)")
    assert refused.value.element == "/a/FulfillmentOrderLine[2]/ActionCode"
    assert refused.value.text.startswith(f"line 1.1 (line-0002): ActionCode '{token}' is not known")
