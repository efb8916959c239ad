"""PCM_OP_CUST_UPDATE_CUSTOMER: changes an account's own fields, names and addresses, locale and billing profiles."""

from __future__ import annotations

import re

from brm_sim.call import Call
from brm_sim.errors import Errno, ErrorBuffer, FieldFailure, Validation, refusal
from brm_sim.flist import Flist, Poid
from brm_sim.opcodes import accounts, given, names, offerings, profiles
from brm_sim.opcodes.customer_events import CustomerEvents, same
from brm_sim.opcodes.profile_objects import ProfileMaker
from brm_sim.opcodes.profiles import LONGEST_ID

_EVENTS = {"NAMEINFO": "nameinfo", "LOCALE": "locale"}
_OTHER_EVENT = "acctinfo"
_LOCALE = re.compile(r"[a-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,2}")


def update_customer(call: Call, flist: Flist) -> Flist:
    """{POID, ACCOUNT_OBJ, PROGRAM_NAME, ACCTINFO[], NAMEINFO[], BILLINFO[] …} → {POID, RESULT, FIELD[], BILLINFO[] …}.

    Elements of NAMEINFO are laid over those there are, field by field; an empty one is removed, a telephone number
    without a number too. Profiles with a full POID are changed, with a type-only one created. What says nothing new
    changes nothing. Customer validation answers RESULT 0 and FIELD[], and changes nothing. Raises ErrorBuffer: account
    closed (113), ACCOUNT_OBJ or ACCTINFO.POID of another account, a profile of another account (BAD_VALUE).
    """
    account = accounts.open_account(call.session, given.poid(flist, "POID"))
    poid = given.poid(account, "POID")
    wanted = _wanted(account, flist)
    if found := [*_failures(call, account, flist, wanted), *profiles.failures(flist)]:
        return {"POID": poid, **refusal(found)}
    currency = given.integer(account, "CURRENCY") or call.catalog.currency
    made = ProfileMaker(call, poid, currency, flist).make().output()
    events = CustomerEvents(call, poid, flist)
    for kind in sorted(made.keys() & {"BILLINFO", "PAYINFO"}):
        events.record(kind.lower())
    return {"POID": _write(call, account, wanted, events), "RESULT": 1, **made}


def _wanted(account: Flist, flist: Flist) -> Flist:
    """Give the fields of the /account object that the call names."""
    poid = given.poid(account, "POID")
    _check_same(poid, given.poid(flist, "ACCOUNT_OBJ"), "ACCOUNT_OBJ")
    wanted: Flist = {}
    acctinfos = given.array(flist, "ACCTINFO")
    if len(acctinfos) > 1:
        raise ErrorBuffer(Errno.BAD_VALUE, "there must be one ACCTINFO at most", field="ACCTINFO")
    for acctinfo in acctinfos.values():
        _check_same(poid, given.poid(acctinfo, "POID"), "ACCTINFO")
        wanted |= offerings.kept(acctinfo, ("ACCOUNT_NO", "CURRENCY", "BUSINESS_TYPE"))
    if "NAMEINFO" in flist:
        wanted["NAMEINFO"] = names.changes(given.array(flist, "NAMEINFO"))
    if locales := given.array(flist, "LOCALES"):
        wanted["LOCALE"] = given.text(locales.single(), "LOCALE") or None
    return wanted


def _check_same(account: Poid, named: Poid, field: str) -> None:
    if not named.same(account):
        raise ErrorBuffer(Errno.BAD_VALUE, f"{named.type} {named.id} is not account {account.id}", field=field)


def _failures(call: Call, account: Flist, flist: Flist, wanted: Flist) -> list[FieldFailure]:
    element = min(given.array(flist, "ACCTINFO"), default=0)
    found = [*_number_failures(call, account, wanted, element)]
    currency = given.integer(wanted, "CURRENCY")
    if currency is not None and currency != account.get("CURRENCY"):
        text = "The currency of an account cannot be changed."
        found.append(FieldFailure("CURRENCY", Validation.INVALID, text, element, currency))
    if touched := given.array(wanted, "NAMEINFO"):
        after = names.changed(given.array(account, "NAMEINFO"), touched)
        found += names.update_failures(after, touched)
    locale = given.text(wanted, "LOCALE")
    if locale and not _LOCALE.fullmatch(locale):
        element = min(given.array(flist, "LOCALES"))
        found.append(FieldFailure("LOCALE", Validation.FORMAT, "Not a locale.", element, locale[:LONGEST_ID]))
    return found


def _number_failures(call: Call, account: Flist, wanted: Flist, element: int) -> list[FieldFailure]:
    if "ACCOUNT_NO" not in wanted or wanted["ACCOUNT_NO"] == account["ACCOUNT_NO"]:
        return []
    number = given.text(wanted, "ACCOUNT_NO")
    if not number:
        return [FieldFailure("ACCOUNT_NO", Validation.MISSING, "Required field is missing.", element)]
    if len(number) > LONGEST_ID:
        return [FieldFailure("ACCOUNT_NO", Validation.MAX_LEN, "Too long.", element, number[:LONGEST_ID])]
    if call.session.taken("account_no", (number,)):
        return [FieldFailure("ACCOUNT_NO", Validation.DUPE, "Duplicate value.", element, number)]
    return []


def _write(call: Call, account: Flist, wanted: Flist, events: CustomerEvents) -> Poid:
    """Write what differs, with one event for each kind of change; give the account's POID as it is then."""
    new = {name: value for name, value in wanted.items() if _differs(account, name, wanted)}
    if not new:
        return given.poid(account, "POID")
    if "ACCOUNT_NO" in new:
        call.session.release("account_no", given.text(account, "ACCOUNT_NO"))
        call.session.claim("account_no", given.text(new, "ACCOUNT_NO"))
    for kind in sorted({_EVENTS.get(name, _OTHER_EVENT) for name in new}):
        events.record(kind)
    return call.session.update(given.poid(account, "POID"), new)


def _differs(account: Flist, name: str, wanted: Flist) -> bool:
    if name == "NAMEINFO":
        before = given.array(account, name)
        return not same({name: before}, {name: names.changed(before, given.array(wanted, name))})
    return not same({name: account.get(name)}, {name: wanted[name]})
