"""What customers hold in BRM: accounts, their services, and the offerings they bought. Asked with PCM_OP_SEARCH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from gateway.domain.brm import Elements, Flist, Scalar
from gateway.domain.poid import bare
from gateway.messaging.xa import Brm

_BILLING_CONTACT = 1
_HANDLE = "0.0.0.1 /search -1 0"
_TEMPLATE = {
    "/account": "select X from /account where F1 like V1 ",
    "/service": "select X from /service where F1 = V1 ",
    "/event": "select X from /event where F1 = V1 ",
    "/purchased_product": "select X from /purchased_product where F1 = V1 ",
    "/purchased_discount": "select X from /purchased_discount where F1 = V1 ",
}
STATUS = {
    "10100": "active",
    "10102": "inactive",
    "10103": "closed",
    "1": "active",
    "2": "inactive",
    "3": "cancelled",
}
"""BRM's status codes: of accounts and services (five digits), of offerings (one)."""


@dataclass(frozen=True, slots=True)
class Account:
    """An /account: ``status`` in words, ``currency`` as BRM's resource id (826 GBP), ``address`` on one line."""

    number: str
    poid: str
    name: str
    currency: str
    status: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class Holding:
    """A service, or an offering bought. ``id`` is the login or the product's POID; ``common`` what it was made for."""

    poid: str
    id: str
    status: str
    since: str
    common: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee event; ``amount`` is the sum of its balance impacts, in the account's currency."""

    poid: str
    what: str
    amount: Decimal
    at: str


def accounts(brm: Brm, number: str = "%", limit: int = 100) -> Sequence[Account]:
    """Return accounts whose number is ``number`` (``%`` matches anything), in order of it."""
    whole: Elements = {_BILLING_CONTACT: {}}
    wanted: Flist = {**_nulls("POID", "ACCOUNT_NO", "CURRENCY", "STATUS"), "NAMEINFO": whole}
    found = _search(brm, "/account", {"ACCOUNT_NO": number}, wanted, limit)
    return sorted((_account(each) for each in found), key=lambda account: account.number)


def services(brm: Brm, account: str, limit: int = 1000) -> Sequence[Holding]:
    """Return the services of the account with this POID."""
    wanted = _nulls("POID", "LOGIN", "STATUS", "CREATED_T", "O2C_FLD_COMMON_ID")
    return [_holding(each, "LOGIN", "CREATED_T") for each in _owned(brm, "/service", account, wanted, limit)]


def offerings(brm: Brm, account: str, limit: int = 1000) -> Sequence[Holding]:
    """Return the products and discounts the account with this POID bought, at account level and on services."""
    shared = _nulls("POID", "STATUS", "PURCHASE_START_T", "SERVICE_OBJ", "O2C_FLD_COMMON_ID")
    return [
        _holding(each, what, "PURCHASE_START_T")
        for kind, what in (("/purchased_product", "PRODUCT_OBJ"), ("/purchased_discount", "DISCOUNT_OBJ"))
        for each in _owned(brm, kind, account, {**shared, what: None}, limit)
    ]


def charges(brm: Brm, account: str, limit: int = 1000) -> Sequence[Charge]:
    """Return the events that charged the account with this POID."""
    return [_charge(each) for each in _owned(brm, "/event", account, {}, limit)]


def _owned(brm: Brm, kind: str, account: str, wanted: Flist, limit: int) -> list[Flist]:
    return _search(brm, kind, {"ACCOUNT_OBJ": account}, wanted, limit)


def _search(brm: Brm, kind: str, wants: Flist, wanted: Flist, limit: int) -> list[Flist]:
    """Return the objects whose field F1 is as ``wants`` says, with the wanted fields (nulls in RESULTS)."""
    question: Flist = {
        "POID": _HANDLE,
        "FLAGS": 0,
        "TEMPLATE": _TEMPLATE[kind],
        "ARGS": {1: wants},
        "RESULTS": {0: wanted},
        "RESULTS_LIMIT": limit,
    }
    answer = brm.call(None, "PCM_OP_SEARCH", question)
    return list(cast("dict[int, Flist]", answer.get("RESULTS") or {}).values())


def _nulls(*fields: str) -> Flist:
    return dict.fromkeys(fields)


def _account(found: Flist) -> Account:
    names = cast("dict[int, Flist]", found.get("NAMEINFO") or {})
    name = next(iter(names.values()), {})
    phones = cast("dict[int, Flist]", name.get("PHONES") or {})
    return Account(
        number=_text(found, "ACCOUNT_NO"),
        poid=_poid(found, "POID"),
        name=_joined(name, " ", "FIRST_NAME", "LAST_NAME") or _text(name, "COMPANY"),
        currency=_text(found, "CURRENCY"),
        status=_status(found),
        address=_joined(name, ", ", "ADDRESS", "CITY", "STATE", "ZIP", "COUNTRY").replace("\n", ", "),
        phone=next((_text(each, "PHONE") for each in phones.values()), ""),
    )


def _joined(found: Flist, by: str, *fields: str) -> str:
    return by.join(filter(None, (_text(found, field) for field in fields)))


def _holding(found: Flist, what: str, since: str) -> Holding:
    return Holding(
        _poid(found, "POID"),
        _text(found, what),
        _status(found),
        _text(found, since),
        _text(found, "O2C_FLD_COMMON_ID"),
        _poid(found, "SERVICE_OBJ"),
    )


def _charge(found: Flist) -> Charge:
    impacts = cast("dict[int, Flist]", found.get("BAL_IMPACTS") or {}).values()
    amount = sum((Decimal(_text(impact, "AMOUNT") or "0") for impact in impacts), Decimal(0))
    return Charge(_poid(found, "POID"), _text(found, "NAME"), amount, _text(found, "START_T"))


def _status(found: Flist) -> str:
    code = _text(found, "STATUS")
    return STATUS.get(code, code)


def _poid(found: Flist, field: str) -> str:
    """Return a POID without its revision, as cross-references hold it."""
    return bare(found.get(field))


def _text(found: Flist, field: str) -> str:
    value = cast("Scalar", found.get(field))
    return "" if value is None else str(value)
