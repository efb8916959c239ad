"""PCM_OP_CUST_COMMIT_CUSTOMER: creates an account with its billing profiles, and services if given."""

from __future__ import annotations

from brm_sim.call import Call
from brm_sim.catalog import Plan
from brm_sim.errors import Errno, ErrorBuffer, FieldFailure, Validation, refusal
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import accounts, given, names, offerings, profiles, services
from brm_sim.opcodes.accounts import ACTIVE, identity
from brm_sim.opcodes.profile_objects import ProfileMaker
from brm_sim.opcodes.profiles import LONGEST_ID, Profiles
from brm_sim.store import DATABASE_NUMBER

CURRENCIES = frozenset({840, 978, 826, 752})
_CONSUMER = 1


def commit_customer(call: Call, flist: Flist) -> Flist:
    """{POID plan, ACCTINFO[], NAMEINFO[], BILLINFO[], PAYINFO[], BAL_INFO[], SERVICES[]} → what was created.

    The dispatcher gives it a transaction of its own unless TXN_FLAGS is 2. Customer validation answers RESULT 0 and
    FIELD[], and creates nothing. Raises ErrorBuffer for a plan, a parent or offers that do not exist, and for elements
    that point at nothing.
    """
    plan_poid = given.poid(flist, "POID")
    plan = None if plan_poid.type_only else call.catalog.plan(plan_poid)
    element, acctinfo = _acctinfo(flist)
    flist = flist if given.array(flist, "SERVICES") or plan is None else flist | {"SERVICES": _plan_services(plan)}
    found = _failures(call, element, acctinfo, flist)
    if found:
        return {"POID": plan_poid, **refusal(found)}
    account = _Customer(call, plan, acctinfo, flist)
    return {"POID": plan_poid, "RESULT": 1, **account.create(element)}


def _acctinfo(flist: Flist) -> tuple[int, Flist]:
    elements = given.array(flist, "ACCTINFO")
    if len(elements) != 1:
        raise ErrorBuffer(Errno.BAD_VALUE, "there must be exactly one ACCTINFO", field="ACCTINFO")
    return next(iter(elements.items()))


def _plan_services(plan: Plan) -> Array:
    types = (Poid(DATABASE_NUMBER, service.type, -1, 0) for service in plan.services)
    return Array(enumerate({"SERVICE_OBJ": type_} for type_ in types))


def _failures(call: Call, element: int, acctinfo: Flist, flist: Flist) -> list[FieldFailure]:
    found = [failure for key, name in given.array(flist, "NAMEINFO").items() for failure in names.failures(key, name)]
    currency = given.integer(acctinfo, "CURRENCY")
    if currency is not None and currency not in CURRENCIES:
        found.append(FieldFailure("CURRENCY", Validation.INVALID, "Unknown currency.", element, currency))
    number = given.text(acctinfo, "ACCOUNT_NO")
    if len(number) > LONGEST_ID:
        found.append(FieldFailure("ACCOUNT_NO", Validation.MAX_LEN, "Too long.", element, number[:LONGEST_ID]))
    elif number and call.session.taken("account_no", (number,)):
        found.append(FieldFailure("ACCOUNT_NO", Validation.DUPE, "Duplicate value.", element, number))
    found += _repeated_profiles(flist)
    return [*found, *profiles.failures(flist), *services.failures(call, flist)]


def _repeated_profiles(flist: Flist) -> list[FieldFailure]:
    seen: set[str] = set()
    found = []
    for element, wanted in given.array(flist, "BILLINFO").items():
        name = given.text(wanted, "BILLINFO_ID")
        if name and name in seen:
            found.append(FieldFailure("BILLINFO_ID", Validation.DUPE, "Duplicate value.", element, name))
        seen.add(name)
    return found


class _Customer:
    """An account about to be created."""

    def __init__(self, call: Call, plan: Plan | None, acctinfo: Flist, flist: Flist) -> None:
        self._call = call
        self._plan = plan
        self._acctinfo = acctinfo
        self._flist = flist
        self._poid = Poid(DATABASE_NUMBER, "/account", call.session.number(), 0)
        self._currency = given.integer(acctinfo, "CURRENCY") or call.catalog.currency
        self._number = given.text(acctinfo, "ACCOUNT_NO") or f"{DATABASE_NUMBER}-{self._poid.id}"

    def create(self, element: int) -> Flist:
        """Create all of it; give the output flist's fields. ``element`` is ACCTINFO's."""
        made = ProfileMaker(self._call, self._poid, self._currency, self._with_profile()).make()
        group = self._default_group(made)
        self._account(group)
        program = given.text(self._flist, "PROGRAM_NAME")
        maker = services.ServiceMaker(self._call, self._poid, self._currency, program, made, group, self._plan)
        added = maker.make(given.array(self._flist, "SERVICES"))
        account: Flist = {"POID": self._poid, "ACCOUNT_NO": self._number, "BAL_GRP_OBJ": group}
        return {
            "ACCOUNT_OBJ": self._poid,
            "ACCTINFO": Array({element: account}),
            **made.output(),
            **({"SERVICES": added} if added else {}),
        }

    def _with_profile(self) -> Flist:
        """Give the input, with a billing profile when it names none: an account always has one."""
        if given.array(self._flist, "BILLINFO"):
            return self._flist
        payinfos = given.array(self._flist, "PAYINFO")
        default: Flist = {"POID": Poid(DATABASE_NUMBER, "/billinfo", -1, 0), "BILLINFO_ID": "Default"}
        if payinfos:
            default |= {"PAY_TYPE": payinfos.single().get("PAY_TYPE"), "PAYINFO": Array({min(payinfos): {}})}
        return {**self._flist, "BILLINFO": Array({0: default})}

    def _default_group(self, made: Profiles) -> Poid:
        element = given.reference(self._acctinfo, "BAL_INFO")
        if element is not None:
            if element not in made.balances:
                raise ErrorBuffer(Errno.NONEXISTANT_ELEMENT, f"there is no BAL_INFO[{element}]", field="BAL_INFO")
            return made.balances[element]
        group = made.first_group()
        if group is None:
            raise ErrorBuffer(Errno.NOT_FOUND, "the billing profile has no balance group", field="BAL_GRP_OBJ")
        return group

    def _account(self, group: Poid) -> None:
        session = self._call.session
        parent = given.optional_poid(given.substruct(self._flist, "GROUP_INFO"), "PARENT")
        lineage = given.text(accounts.named(session, parent, "/account", "PARENT"), "LINEAGE") if parent else ""
        session.claim("account_no", self._number)
        content: Flist = {
            "ACCOUNT_NO": self._number,
            "CURRENCY": self._currency,
            "BUSINESS_TYPE": given.integer(self._acctinfo, "BUSINESS_TYPE") or _CONSUMER,
            "STATUS": ACTIVE,
            "STATUS_FLAGS": 0,
            "BAL_GRP_OBJ": identity(group),
            "NAMEINFO": given.array(self._flist, "NAMEINFO"),
            "PARENT": parent and identity(parent),
            "LINEAGE": f"{lineage}/{self._poid.id}",
            "PLAN_OBJ": self._plan.poid if self._plan else None,
            "EFFECTIVE_T": given.moment(self._flist, "START_T") or self._call.now,
            "CLOSE_WHEN_T": given.moment(self._flist, "END_T"),
            **offerings.custom(self._acctinfo),
        }
        session.create("/account", content, self._poid.id)
