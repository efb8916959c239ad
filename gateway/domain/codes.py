"""The codes of an order, with their wire values, and how loosely they are read.

The contracts carry codes as open tokens: senders differ in case and in the sign between words (``SERVICE BUNDLE``,
``SERVICE_BUNDLE``, ``MoveAdd``, ``MOVE-ADD``). They are told apart here, and an unknown one is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TypeVar

from gateway.errors import Contradiction


class Action(StrEnum):
    """ActionCode: what happens to the thing a line is about (AIA's ServiceActionCode)."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    MOVE_ADD = "MOVE-ADD"
    MOVE_DELETE = "MOVE-DELETE"
    NONE = "NONE"


class BillingMode(StrEnum):
    """BillingMode: purchase with dates far ahead, or begin to charge."""

    INITIATE = "INITIATE BILLING"
    FULFILL = "FULFILL BILLING"


class FulfillmentMode(StrEnum):
    """FulfillmentModeCode: do a line's work for the first time, again for a revised order, or take it back."""

    DO = "DO"
    REDO = "REDO"
    UNDO = "UNDO"


class ProductType(StrEnum):
    """ClassificationCode of the list BillingProductTypeCode (DVM ITEM_BILLING_TYPE_CODE); PROMOTION has none there."""

    SERVICE_BUNDLE = "SERVICE BUNDLE"
    SUBSCRIPTION = "SUBSCRIPTION"
    SYSTEM = "SYSTEM"
    DISCOUNT = "DISCOUNT"
    ITEM = "ITEM"
    EVENT = "EVENT"
    SPECIAL_RATING = "SPECIAL RATING"
    SPONSORSHIP = "SPONSORSHIP"
    PROMOTION = "PROMOTION"


class PriceType(StrEnum):
    """PriceTypeCode of a charge (DVM PRICE_TYPE)."""

    ONE_TIME = "ONE-TIME"
    RECURRING = "RECURRING"
    USAGE = "USAGE"


class BalanceGroupType(StrEnum):
    """TypeCode of a balance group: shared by the services of a bill, or of one service alone."""

    ACCOUNT = "ACCOUNT"
    SERVICE = "SERVICE"


class ResponseCode(StrEnum):
    """responseCode of an EBM: which errors its sender wants an error response for (an open list)."""

    ALL_ERRORS = "REQUIRED_FOR_BUSINESS_AND_SYSTEM_ERRORS"
    BUSINESS_ERRORS = "REQUIRED_FOR_BUSINESS_ERRORS"


class LineStatus(StrEnum):
    """Status/Code of a line, and of the order, in a response (DVM SALESORDER_LINESTATUS)."""

    COMPLETE = "COMPLETE"
    NO_BILLING_ACTION = "NO BILLING ACTION"
    FAILED = "FAILED"


Code = TypeVar("Code", bound=StrEnum)

ALIASES: Mapping[type[StrEnum], Mapping[str, StrEnum]] = {
    Action: dict.fromkeys(("-", "EXISTING", "NOCHANGE", "UNCHANGED"), Action.NONE),
    BillingMode: {"INITIATE": BillingMode.INITIATE, "FULFILL": BillingMode.FULFILL},
    FulfillmentMode: {"DELIVER": FulfillmentMode.DO},
    ProductType: dict.fromkeys(("BUNDLE", "MARKETINGBUNDLE"), ProductType.PROMOTION),
}
"""Other spellings seen on the wire, folded. A lone ``-`` is Siebel's sign for an unchanged line."""


def fold(token: str) -> str:
    """Return a token without case, spaces and signs: ``Move-Add`` and ``MOVE_ADD`` are one."""
    return "".join(filter(str.isalnum, token)).upper() or token.strip()


@cache
def _spellings(kind: type[Code]) -> Mapping[str, StrEnum]:
    return {fold(member.value): member for member in kind} | dict(ALIASES.get(kind, {}))


def known(kind: type[Code], token: str) -> Code | None:
    """Return the code a token stands for, or None when it is not one of ours."""
    found = _spellings(kind).get(fold(token))
    return found if isinstance(found, kind) else None


def read(kind: type[Code], token: str, element: str, whose: str) -> Code:
    """Return the code a token stands for.

    ``element`` is the path of the element, ``whose`` names the line for people ("line 1.2 (line-0003)").
    Raises Contradiction naming line, element and value.
    """
    found = known(kind, token)
    if found is None:
        name = element.rpartition("/")[2]
        allowed = ", ".join(kind)
        raise Contradiction(f"{whose}: {name} '{token}' is not known (known: {allowed})", element=element)
    return found
