"""What of a record is in BRM, and where: one table for accounts, one rule for phone numbers.

=================  ===========================  ==================================================================
field              Siebel                       BRM
=================  ===========================  ==================================================================
Name               Account.Name                 NAMEINFO[1] COMPANY of a business, else FIRST_NAME and LAST_NAME
EmailAddress       Account.EmailAddress         NAMEINFO[1] EMAIL_ADDR
MainPhoneNumber    Account.MainPhoneNumber      NAMEINFO[1] PHONES: of kind home, else the first
Address            primary CutAddress, street   NAMEINFO[1] ADDRESS: its lines
City … Country     primary CutAddress           NAMEINFO[1] CITY, STATE, ZIP, COUNTRY
SerialNumber       AssetMgmt-Asset              /service LOGIN, and the aliases that are the number
=================  ===========================  ==================================================================

An account without a primary address has no fields of an address, and BRM's are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from gateway.cut.brm_sync.merge import Values
from gateway.cut.instances import PRIMARY, Instance
from gateway.domain.brm import Elements, Flist

BILLING_CONTACT = 1
NUMBER = "SerialNumber"
LOGIN = "LOGIN"
ALIAS = "ALIAS_LIST"

_HOME = "1"
_BUSINESS = "Business"
_STREET, _STREET_2 = "StreetAddress", "StreetAddress2"


# ── Siebel's side ────────────────────────────────────────────────────────────────────────────────────────────────────

_OF_ACCOUNT = ("Name", "EmailAddress", "MainPhoneNumber")
_OF_ADDRESS = ("City", "State", "PostalCode", "Country")


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes in Siebel: fields of the account, and of its primary address."""

    account: Values
    address: Values


def primary_address(account: Instance) -> Instance | None:
    """Return an account's primary address."""
    addresses = [each for each in account.children if each.component == "CutAddress"]
    chosen = account.fields.get("PrimaryAddressId")
    return next((each for each in addresses if each.element.get(PRIMARY) == "Y" or each.row_id == chosen), None)


def of_account(account: Instance) -> Values:
    """Return the mapped fields of Siebel's account."""
    values = {tag: text(account.fields.get(tag)) for tag in _OF_ACCOUNT}
    address = primary_address(account)
    if address is None:
        return values
    lines = [text(address.fields.get(_STREET)), text(address.fields.get(_STREET_2))]
    street = "\n".join(line for line in lines if line) or None
    return values | {"Address": street} | {tag: text(address.fields.get(tag)) for tag in _OF_ADDRESS}


def to_account(values: Values) -> Changes:
    """Return what mapped fields are in Siebel."""
    address = {tag: values[tag] for tag in _OF_ADDRESS if tag in values}
    if "Address" in values:
        first, _, rest = (values["Address"] or "").partition("\n")
        address |= {_STREET: first or None, _STREET_2: rest or None}
    return Changes({tag: values[tag] for tag in _OF_ACCOUNT if tag in values}, address)


def is_business(account: Instance) -> bool:
    """Tell whether an account is a company's, whose name is one, and not a first and a last one."""
    return account.fields.get("Type") == _BUSINESS


# ── BRM's side ───────────────────────────────────────────────────────────────────────────────────────────────────────

_OF_NAME: Mapping[str, str] = {
    "Address": "ADDRESS",
    "City": "CITY",
    "State": "STATE",
    "PostalCode": "ZIP",
    "Country": "COUNTRY",
    "EmailAddress": "EMAIL_ADDR",
}
"""In the order in which NAMEINFO is published."""
_WHOLE: Elements = {BILLING_CONTACT: {}}
_ANY: Elements = {-1: {}}
WANTED: Flist = {"NAMEINFO": _WHOLE}
"""What is read of an /account."""

WANTED_OF_SERVICE: Flist = {LOGIN: None, ALIAS: _ANY, "ACCOUNT_OBJ": None}
"""What is read of a /service."""


def of_customer(account: Flist, *, business: bool) -> Values:
    """Return the mapped fields of BRM's /account."""
    name = name_of(account)
    values = {field: text(name.get(place)) for field, place in _OF_NAME.items()}
    phones = elements(name, "PHONES")
    values["MainPhoneNumber"] = text(phones[_main(phones)].get("PHONE")) if phones else None
    values["Name"] = text(name.get("COMPANY")) if business else _joined(name)
    return values


def to_customer(account: Flist, values: Values, *, business: bool) -> Flist:
    """Return the NAMEINFO element that gives BRM's /account these mapped fields."""
    change: Flist = {}
    if "Name" in values:
        change |= {"COMPANY": values["Name"]} if business else _split(values["Name"] or "")
    change |= {place: values[field] for field, place in _OF_NAME.items() if field in values}
    if "MainPhoneNumber" in values:
        phones = elements(name_of(account), "PHONES")
        main = _main(phones)
        kind = phones.get(main, {}).get("TYPE") or _HOME
        change["PHONES"] = {main: {"TYPE": kind, "PHONE": values["MainPhoneNumber"]}}
    return change


def name_of(account: Flist) -> Flist:
    """Return the name and address of the billing contact."""
    return elements(account, "NAMEINFO").get(BILLING_CONTACT, {})


def places_of_number(service: Flist) -> Mapping[str, str | None]:
    """Return where a /service may have its number: its login, and its first alias."""
    aliases = elements(service, ALIAS)
    first = aliases[min(aliases)].get("NAME") if aliases else None
    return {LOGIN: text(service.get(LOGIN)), ALIAS: text(first)}


def number_of(service: Flist, base: Values, siebel: str | None) -> str | None:
    """Return a /service's number: what one of its places was changed to that had it when both sides last agreed.

    ``base`` has the places too. Without one, it is Siebel's where a place has that, else the login.
    """
    places, agreed = places_of_number(service), base.get(NUMBER)
    had = _had(base)
    if not had:
        return siebel if siebel in places.values() else places[LOGIN]
    return next((places[place] for place in had if places[place] != agreed), agreed)


def to_service(service: Flist, number: str | None, base: Values) -> Flist:
    """Return the fields that put a number into every place that had the last one; none where all have it."""
    places = places_of_number(service)
    had = _had(base) or [place for place, value in places.items() if value == places[LOGIN]]
    change: Flist = {LOGIN: number} if LOGIN in had and places[LOGIN] != number else {}
    if ALIAS in had and places[ALIAS] != number:
        aliases: Elements = dict(elements(service, ALIAS))
        aliases[min(aliases, default=0)] = {"NAME": number}
        change[ALIAS] = aliases
    return change


def _had(base: Values) -> list[str]:
    """Return the places that had the number when both sides last agreed; none without a base."""
    return [place for place in (LOGIN, ALIAS) if NUMBER in base and base.get(place) == base[NUMBER]]


def elements(flist: Flist, array: str) -> Elements:
    """Return an array's elements; none where there is no array."""
    return cast("Elements", flist.get(array) or {})


def text(value: object) -> str | None:
    """Return a field's value without white space around it, which neither side keeps for certain; empty is none."""
    return (str(value).strip() or None) if value is not None else None


def _main(phones: Elements) -> int:
    homes = [element for element, phone in sorted(phones.items()) if str(phone.get("TYPE")) == _HOME]
    return next(iter(homes), min(phones, default=0))


def _joined(name: Flist) -> str | None:
    return " ".join(part for part in (text(name.get("FIRST_NAME")), text(name.get("LAST_NAME"))) if part) or None


def _split(name: str) -> Flist:
    first, _, last = name.rpartition(" ")
    return {"FIRST_NAME": first or None, "LAST_NAME": last or None}
