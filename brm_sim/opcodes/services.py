"""Services of an account, created with what is bought for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from brm_sim.call import Call
from brm_sim.catalog import Deal, Plan
from brm_sim.errors import Errno, ErrorBuffer, FieldFailure, Validation
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import accounts, deals, given, offerings
from brm_sim.opcodes.accounts import ACTIVE, identity
from brm_sim.opcodes.charges import Charges
from brm_sim.opcodes.profiles import LONGEST_ID, Profiles
from brm_sim.store import DATABASE_NUMBER

_COPIED = ("LOGIN", "SERVICE_ID", "ALIAS_LIST", "SUBSCRIPTION_OBJ")


def failures(call: Call, flist: Flist) -> list[FieldFailure]:
    """Validate SERVICES[]: logins of one class must be unique, in BRM and in the call. One query a class."""
    found: list[FieldFailure] = []
    logins: dict[str, dict[int, str]] = {}
    for element, wanted in given.array(flist, "SERVICES").items():
        type_ = given.poid(wanted, "SERVICE_OBJ").type
        if not call.catalog.is_service(type_):
            raise ErrorBuffer(Errno.BAD_POID_TYPE, f"there are no services of class {type_}", field="SERVICE_OBJ")
        login = given.text(wanted, "LOGIN")
        if len(login) > LONGEST_ID:
            found.append(FieldFailure("LOGIN", Validation.MAX_LEN, "Too long.", element, login[:LONGEST_ID]))
        elif login:
            logins.setdefault(type_, {})[element] = login
    for type_, by_element in logins.items():
        found += _duplicates(call, type_, by_element)
    return found


def login_kind(type_: str) -> str:
    """Name the claim of a login: it is unique among services of one class."""
    return f"login {type_}"


def _duplicates(call: Call, type_: str, logins: dict[int, str]) -> list[FieldFailure]:
    taken = call.session.taken(login_kind(type_), set(logins.values()))
    taken |= {login for login, times in Counter(logins.values()).items() if times > 1}
    return [
        FieldFailure("LOGIN", Validation.DUPE, "Duplicate value.", element, login)
        for element, login in logins.items()
        if login in taken
    ]


@dataclass(slots=True)
class ServiceMaker:
    """Creates the services of one call for ``account``; ``default_group`` is where they go that name no other."""

    call: Call
    account: Poid
    currency: int
    program: str
    profiles: Profiles
    default_group: Poid | None
    plan: Plan | None = None
    _charges: dict[int, Charges] = field(default_factory=dict)

    def make(self, services: Array) -> Array:
        """Give {SERVICE_OBJ, DEALS[]} for each, with the input's element ids."""
        made = Array({element: self._service(wanted) for element, wanted in services.items()})
        for charges in self._charges.values():
            charges.settle()
        return made

    def _service(self, wanted: Flist) -> Flist:
        type_ = given.poid(wanted, "SERVICE_OBJ").type
        session = self.call.session
        poid = Poid(DATABASE_NUMBER, type_, session.number(), 0)
        login = given.text(wanted, "LOGIN") or f"{type_.rpartition('/')[2]}-{poid.id}"
        group = self._group(wanted)
        details = given.substruct(wanted, "INHERITED_INFO")
        session.claim(login_kind(type_), login)
        content: Flist = {
            "ACCOUNT_OBJ": identity(self.account),
            **offerings.kept(wanted, _COPIED),
            "LOGIN": login,
            "BAL_GRP_OBJ": identity(group),
            "STATUS": ACTIVE,
            "STATUS_FLAGS": 0,
            "EFFECTIVE_T": self.call.now,
            **offerings.kept(details, ("TELCO_INFO",)),
            **offerings.custom(wanted),
        }
        session.create(type_, content, poid.id)
        bought = self._deals(poid, group, self._wanted_deals(wanted, type_))
        return {"SERVICE_OBJ": poid} | ({"DEALS": bought} if bought else {})

    def _wanted_deals(self, wanted: Flist, type_: str) -> Array:
        """Give the deals named, or those the plan has for a service of that class."""
        named = given.array(wanted, "DEALS")
        if named or self.plan is None:
            return named
        codes = [code for service in self.plan.services if service.type == type_ for code in service.deals]
        return Array(enumerate({"DEAL_OBJ": self.call.catalog.coded(code, Deal).poid} for code in codes))

    def _deals(self, service: Poid, group: Poid, wanted: Array) -> Array:
        plan = self.plan.poid if self.plan else None
        bought = Array()
        discounts: list[Flist] = []  # those of one deal reduce the fees of the next, as if they were bought in turn
        for element, each in wanted.items():
            deal, info = deals.deal_info(self.call, each, service.type)
            purchase = deals.Purchase(self.call, self._charges_of(group), service, deal, plan, discounts)
            bought[element] = {"DEAL_INFO": purchase.buy(info)}
        return bought

    def _group(self, wanted: Flist) -> Poid:
        named = given.optional_poid(wanted, "BAL_GRP_OBJ")
        if named is not None:
            accounts.own(self.call.session, self.account, named, "/balance_group", "BAL_GRP_OBJ")
            return named
        element = given.reference(wanted, "BAL_INFO")
        if element is not None:
            if element not in self.profiles.balances:
                raise ErrorBuffer(Errno.NONEXISTANT_ELEMENT, f"there is no BAL_INFO[{element}]", field="BAL_INFO")
            return self.profiles.balances[element]
        if self.default_group is None:
            raise ErrorBuffer(Errno.NOT_FOUND, "the account has no balance group", field="BAL_GRP_OBJ")
        return self.default_group

    def _charges_of(self, group: Poid) -> Charges:
        if group.id not in self._charges:
            self._charges[group.id] = Charges(self.call, self.account, group, self.currency, self.program)
        return self._charges[group.id]
