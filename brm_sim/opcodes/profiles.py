"""Billing profiles of an account: /payinfo, /billinfo and /balance_group, as PAYINFO[], BILLINFO[] and BAL_INFO[] tell.

Elements point at one another by element id (``BILLINFO[0].PAYINFO[1]``). A type-only POID creates, a full one names an
object of the account, which the fields given change. This is the input's form and its validation; see
:mod:`profile_objects` for what comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from brm_sim.errors import FieldFailure, Validation
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import given
from brm_sim.opcodes.accounts import STATUSES

PAY_TYPES = {
    10000: "/payinfo/prepaid",
    10001: "/payinfo/invoice",
    10003: "/payinfo/cc",
    10005: "/payinfo/dd",
    10007: "/payinfo/subord",
    10011: "/payinfo/cash",
    10012: "/payinfo/check",
}
LONGEST_ID = 255
"""Characters of an account's number, a login, the id of a billing profile."""

BILL_CYCLES = range(1, 13)
DAYS_OF_MONTH = range(1, 32)


@dataclass(slots=True)
class Profiles:
    """What a call names or makes: element id → POID, for each array; ``groups`` is billinfo id → balance group."""

    billinfos: dict[int, Poid] = field(default_factory=dict)
    payinfos: dict[int, Poid] = field(default_factory=dict)
    balances: dict[int, Poid] = field(default_factory=dict)
    groups: dict[int, Poid] = field(default_factory=dict)

    def output(self) -> Flist:
        """Word them for the output flist; an array without elements is left out."""
        named = {"BILLINFO": self.billinfos, "PAYINFO": self.payinfos, "BAL_INFO": self.balances}
        return {
            name: Array({element: {"POID": poid} for element, poid in poids.items()})
            for name, poids in named.items()
            if poids
        }

    def first_group(self) -> Poid | None:
        """Give the balance group of the first billing profile named."""
        if not self.billinfos:
            return None
        return self.groups.get(self.billinfos[min(self.billinfos)].id)


def failures(flist: Flist) -> list[FieldFailure]:
    """Validate BILLINFO[] and PAYINFO[] as customer data: what is wrong, field by field."""
    found: list[FieldFailure] = []
    for element, wanted in given.array(flist, "BILLINFO").items():
        if given.poid(wanted, "POID").type_only:
            found += _missing(wanted, element)
        found += _bad_values(wanted, element)
    for element, wanted in given.array(flist, "PAYINFO").items():
        found += _bad_pay_type(wanted, element)
    return found


def _missing(wanted: Flist, element: int) -> list[FieldFailure]:
    names = [name for name in ("BILLINFO_ID", "PAY_TYPE") if not wanted.get(name)]
    return [FieldFailure(name, Validation.MISSING, "Required field is missing.", element) for name in names]


def _bad_values(wanted: Flist, element: int) -> list[FieldFailure]:
    allowed = {"BILL_WHEN": BILL_CYCLES, "ACTG_FUTURE_DOM": DAYS_OF_MONTH, "ACTG_TYPE": (1, 2), "STATUS": STATUSES}
    found = _bad_pay_type(wanted, element)
    if len(name := given.text(wanted, "BILLINFO_ID")) > LONGEST_ID:
        found.append(FieldFailure("BILLINFO_ID", Validation.MAX_LEN, "Too long.", element, name[:LONGEST_ID]))
    for name, values in allowed.items():
        value = given.integer(wanted, name)
        if value is not None and value not in values:
            found.append(FieldFailure(name, Validation.INVALID, "Invalid value.", element, value))
    return found


def _bad_pay_type(wanted: Flist, element: int) -> list[FieldFailure]:
    value = given.integer(wanted, "PAY_TYPE")
    if value is None or value in PAY_TYPES:
        return []
    return [FieldFailure("PAY_TYPE", Validation.INVALID, "Unknown payment method.", element, value)]
