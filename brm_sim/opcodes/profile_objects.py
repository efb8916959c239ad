"""Makes and changes the objects of billing profiles; see :mod:`profiles` for the input's form and its validation."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from brm_sim.call import Call
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import accounts, given, offerings
from brm_sim.opcodes.accounts import ACTIVE, identity
from brm_sim.opcodes.profiles import Profiles
from brm_sim.store import DATABASE_NUMBER

LAST_DOM = 28
"""Billing days of month go no further, so that every month has one."""

_PARENT, _PAYER = "PARENT_BILLINFO_OBJ", "AR_BILLINFO_OBJ"
_BILLINFO = ("BILLINFO_ID", "PAY_TYPE", "BILL_WHEN", "ACTG_TYPE", "STATUS", _PARENT, _PAYER)
_MONTHS = 12
_VISIBLE_DIGITS = 4


class ProfileMaker:
    """One call's billing profiles for ``account``; ``currency`` is the account's."""

    def __init__(self, call: Call, account: Poid, currency: int, flist: Flist) -> None:
        self._call = call
        self._session = call.session
        self._account = account
        self._currency = currency
        self._billinfos = given.array(flist, "BILLINFO")
        self._payinfos = given.array(flist, "PAYINFO")
        self._balances = given.array(flist, "BAL_INFO")
        self._made = Profiles()

    def make(self) -> Profiles:
        """Create and change; ErrorBuffer for objects of others (BAD_VALUE) and elements pointing at nothing (42)."""
        made = self._made
        made.billinfos = {key: self._name(each, "/billinfo", "BILLINFO") for key, each in self._billinfos.items()}
        made.balances = {key: self._name(each, "/balance_group", "BAL_INFO") for key, each in self._balances.items()}
        made.payinfos = {key: self._payinfo(each) for key, each in self._payinfos.items()}
        for key, wanted in self._balances.items():
            made.balances[key] = self._balance(wanted, made.balances[key])
        for key, wanted in self._billinfos.items():
            made.billinfos[key] = self._billinfo(key, wanted)
        return made

    def _name(self, wanted: Flist, type_: str, field: str) -> Poid:
        """Give an element's POID: the one named, which must be the account's, or a new one."""
        poid = given.poid(wanted, "POID")
        if not poid.is_a(type_):
            raise ErrorBuffer(Errno.BAD_POID_TYPE, f"{poid.type} is no {type_}", field=field)
        if poid.type_only:
            return Poid(DATABASE_NUMBER, poid.type, self._session.number(), 0)
        return given.poid(accounts.own(self._session, self._account, poid, type_, field), "POID")

    def _payinfo(self, wanted: Flist) -> Poid:
        poid = self._name(wanted, "/payinfo", "PAYINFO")
        fields = offerings.kept(wanted, ("NAME", "PAY_TYPE", "INV_TYPE"))
        fields["INHERITED_INFO"] = _without_secrets(given.substruct(wanted, "INHERITED_INFO"))
        if given.poid(wanted, "POID").type_only:
            return self._session.create(poid.type, {"ACCOUNT_OBJ": identity(self._account), **fields}, poid.id)
        return self._session.update(poid, fields)

    def _balance(self, wanted: Flist, poid: Poid) -> Poid:
        fields = offerings.kept(wanted, ("NAME",))
        billinfo = given.reference(wanted, "BILLINFO")
        if billinfo is not None:
            fields["BILLINFO_OBJ"] = identity(_pointed(self._made.billinfos, billinfo, "BILLINFO"))
        limits = given.array(wanted, "LIMIT")
        if given.poid(wanted, "POID").type_only:
            return self._new_group(poid, fields, limits)
        return self._session.update(poid, {**fields, "BALANCES": Array(limits)})

    def _new_group(self, poid: Poid, fields: Flist, limits: Array) -> Poid:
        balances = Array(limits)
        balances[self._currency] = {"CURRENT_BAL": Decimal(0), **limits.get(self._currency, {})}
        content: Flist = {"ACCOUNT_OBJ": identity(self._account), **fields, "BALANCES": balances}
        return self._session.create(poid.type, content, poid.id)

    def _billinfo(self, key: int, wanted: Flist) -> Poid:
        poid = self._made.billinfos[key]
        fields = offerings.kept(wanted, _BILLINFO)
        if (payinfo := given.reference(wanted, "PAYINFO")) is not None:
            fields["PAYINFO_OBJ"] = identity(_pointed(self._made.payinfos, payinfo, "PAYINFO"))
        if (day := given.integer(wanted, "ACTG_FUTURE_DOM")) is not None:
            fields["ACTG_CYCLE_DOM"] = min(day, LAST_DOM)
        if given.poid(wanted, "POID").type_only:
            return self._new_billinfo(key, poid, wanted, fields)
        before = self._session.read(poid)
        self._remember(poid, given.optional_poid(before, "BAL_GRP_OBJ"))
        self._rename(given.text(before, "BILLINFO_ID"), given.text(fields, "BILLINFO_ID"))
        return self._session.update(poid, fields) if fields else poid

    def _rename(self, before: str, after: str) -> None:
        if after and after != before:
            self._session.release("billinfo_id", f"{self._account.id}:{before}")
            self._session.claim("billinfo_id", f"{self._account.id}:{after}")

    def _new_billinfo(self, key: int, poid: Poid, wanted: Flist, fields: Flist) -> Poid:
        fields["BAL_GRP_OBJ"] = identity(self._group_for(key, poid, wanted))
        self._remember(poid, given.poid(fields, "BAL_GRP_OBJ"))
        self._session.claim("billinfo_id", f"{self._account.id}:{given.text(wanted, 'BILLINFO_ID')}")
        content = {**self._defaults(fields), **fields, **offerings.custom(wanted)}
        return self._session.create(poid.type, {**content, "AR_BILLINFO_OBJ": self._payer(poid, fields)}, poid.id)

    def _group_for(self, key: int, poid: Poid, wanted: Flist) -> Poid:
        """Give a new profile's default group: the one it points at, one that points at it, or a new one."""
        pointed = given.reference(wanted, "BAL_INFO")
        if pointed is None:
            pointing = (each for each, group in self._balances.items() if given.reference(group, "BILLINFO") == key)
            pointed = next(pointing, None)
        if pointed is None:
            new = Poid(DATABASE_NUMBER, "/balance_group", self._session.number(), 0)
            return self._new_group(new, {"NAME": "Default", "BILLINFO_OBJ": identity(poid)}, Array())
        group = _pointed(self._made.balances, pointed, "BAL_INFO")
        if given.optional_poid(self._session.read(group), "BILLINFO_OBJ") is None:
            self._session.update(group, {"BILLINFO_OBJ": identity(poid)})
        return group

    def _payer(self, poid: Poid, fields: Flist) -> Poid:
        """Give the profile that pays: the one named, the parent's payer, or the profile itself."""
        parent, payer = given.optional_poid(fields, _PARENT), given.optional_poid(fields, _PAYER)
        if payer is not None:
            accounts.named(self._session, payer, "/billinfo", _PAYER)
        above = accounts.named(self._session, parent, "/billinfo", _PARENT) if parent else {}
        return identity(payer or given.optional_poid(above, _PAYER) or parent or poid)

    def _defaults(self, fields: Flist) -> Flist:
        now = self._call.now
        day = given.integer(fields, "ACTG_CYCLE_DOM") or min(now.day, LAST_DOM)
        return {
            "ACCOUNT_OBJ": identity(self._account),
            "PAYINFO_OBJ": identity(self._made.payinfos[min(self._made.payinfos)]) if self._made.payinfos else None,
            "BILL_WHEN": 1,
            "ACTG_TYPE": 1,
            "ACTG_CYCLE_DOM": day,
            "ACTG_LAST_T": now,
            "ACTG_NEXT_T": cycle_end(now, day, 1),
            "LAST_BILL_T": now,
            "NEXT_BILL_T": cycle_end(now, day, given.integer(fields, "BILL_WHEN") or 1),
            "PENDING_RECV": Decimal(0),
            "CURRENCY": self._currency,
            "STATUS": ACTIVE,
        }

    def _remember(self, billinfo: Poid, group: Poid | None) -> None:
        if group is not None:
            self._made.groups[billinfo.id] = group


def cycle_end(now: datetime, day: int, months: int) -> datetime:
    """Give midnight of the accounting day of month that comes ``months`` cycles after ``now``."""
    ahead = months if now.day >= day else months - 1
    month = now.month - 1 + ahead
    return now.replace(
        year=now.year + month // _MONTHS,
        month=month % _MONTHS + 1,
        day=day,
        hour=0,
        minute=0,
        second=0,
        microsecond=0,
    )


def _pointed(poids: dict[int, Poid], element: int, field: str) -> Poid:
    if element not in poids:
        raise ErrorBuffer(Errno.NONEXISTANT_ELEMENT, f"there is no {field}[{element}]", field=field)
    return poids[element]


def _without_secrets(info: Flist) -> Flist:
    """Copy payment details without security codes, and with no more than the last digits of card numbers."""
    kept: Flist = {}
    for name, value in info.items():
        if isinstance(value, Array):
            kept[name] = Array({element: _without_secrets(each) for element, each in value.items()})
        elif name == "DEBIT_NUM" and isinstance(value, str):
            kept[name] = "X" * max(len(value) - _VISIBLE_DIGITS, 0) + value[-_VISIBLE_DIGITS:]
        elif name != "SECURITY_ID":
            kept[name] = value
    return kept
