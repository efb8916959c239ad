"""PCM_OP_CUST_UPDATE_SERVICES: changes services of an account: login, aliases, service id, status."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from brm_sim.call import Call
from brm_sim.errors import Errno, ErrorBuffer, FieldFailure, Validation, refusal
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import accounts, given, offerings
from brm_sim.opcodes.accounts import ACTIVE, CLOSED, STATUSES
from brm_sim.opcodes.customer_events import CustomerEvents, same
from brm_sim.opcodes.profiles import LONGEST_ID
from brm_sim.opcodes.services import login_kind
from brm_sim.store.changes import merged

_COPIED = ("LOGIN", "SERVICE_ID", "STATUS", "STATUS_FLAGS", "SUBSCRIPTION_OBJ")
_EVENTS = {"LOGIN": "login", "ALIAS_LIST": "login", "STATUS": "status", "STATUS_FLAGS": "status"}
_OTHER_EVENT = "service"


@dataclass(frozen=True, slots=True)
class _Change:
    """One element of SERVICES[]: the service as it is, and its fields as they shall be."""

    element: int
    before: Flist
    wanted: Flist
    password: bool

    @property
    def poid(self) -> Poid:
        return given.poid(self.before, "POID")

    @property
    def login(self) -> str | None:
        """The new login; None when it stays."""
        new = given.text(self.wanted, "LOGIN")
        return new if "LOGIN" in self.wanted and new != self.before.get("LOGIN") else None


def update_services(call: Call, flist: Flist) -> Flist:
    """{POID account, PROGRAM_NAME, SERVICES[]{POID, LOGIN, ALIAS_LIST[], STATUS …}} → {POID, RESULT, SERVICES[]{POID}}.

    ALIAS_LIST is all the aliases that the service shall have; those without a name are none. What says nothing new
    changes nothing. Customer validation (logins are unique in a class) answers RESULT 0 and FIELD[], and changes
    nothing. Raises ErrorBuffer: account closed (113), a service of another account or a closed one that no STATUS
    opens (BAD_VALUE), a service named twice, a SUBSCRIPTION_OBJ of another account.
    """
    account = accounts.open_account(call.session, given.poid(flist, "POID"))
    poid = given.poid(account, "POID")
    changes = _read(call, poid, given.array(flist, "SERVICES"))
    if found := _failures(call, changes):
        return {"POID": poid, **refusal(found)}
    _move_logins(call, changes)
    events = CustomerEvents(call, poid, flist)
    changed = Array({change.element: {"POID": _write(call, change, events)} for change in changes})
    return {"POID": poid, "RESULT": 1, "SERVICES": changed}


def _read(call: Call, account: Poid, services: Array) -> list[_Change]:
    poids = {element: given.poid(wanted, "POID") for element, wanted in services.items()}
    if len({poid.id for poid in poids.values()}) < len(poids):
        raise ErrorBuffer(Errno.BAD_VALUE, "a service is named twice", field="POID")
    call.session.read_many(list(poids.values()))
    return [_change(call, account, element, services[element], poid) for element, poid in poids.items()]


def _change(call: Call, account: Poid, element: int, wanted: Flist, poid: Poid) -> _Change:
    before = accounts.own(call.session, account, poid, "/service", "POID")
    if before.get("STATUS") == CLOSED and given.integer(wanted, "STATUS") is None:
        raise ErrorBuffer(Errno.BAD_VALUE, f"service {poid.id} is closed", field="POID")
    subscription = given.optional_poid(wanted, "SUBSCRIPTION_OBJ")
    if subscription is not None:
        accounts.own(call.session, account, subscription, "/service", "SUBSCRIPTION_OBJ")
    return _Change(element, before, _fields(before, wanted), bool(given.text(wanted, "PASSWD_CLEAR")))


def _fields(before: Flist, wanted: Flist) -> Flist:
    """Give the fields of the /service object that an element names."""
    fields = offerings.kept(wanted, _COPIED)
    fields |= offerings.kept(given.substruct(wanted, "INHERITED_INFO"), ("TELCO_INFO",))
    if fields.get("STATUS", before.get("STATUS")) == ACTIVE and "STATUS" in fields:
        fields["STATUS_FLAGS"] = 0  # what kept it from being active is over
    if "ALIAS_LIST" in wanted:
        named = {element: each for element, each in given.array(wanted, "ALIAS_LIST").items() if each.get("NAME")}
        gone = given.array(before, "ALIAS_LIST").keys() - named
        fields["ALIAS_LIST"] = Array({**named, **{element: {} for element in gone}})
    return fields


def _failures(call: Call, changes: list[_Change]) -> list[FieldFailure]:
    found = [failure for change in changes for failure in _field_failures(change)]
    for type_ in sorted({change.poid.type for change in changes}):
        found += _duplicates(call, type_, [change for change in changes if change.poid.type == type_])
    return found


def _field_failures(change: _Change) -> list[FieldFailure]:
    status, login = given.integer(change.wanted, "STATUS"), change.login
    found = []
    if status is not None and status not in STATUSES:
        found.append(FieldFailure("STATUS", Validation.INVALID, "Unknown status.", change.element, status))
    if login == "":
        found.append(FieldFailure("LOGIN", Validation.MISSING, "Required field is missing.", change.element))
    elif login is not None and len(login) > LONGEST_ID:
        found.append(FieldFailure("LOGIN", Validation.MAX_LEN, "Too long.", change.element, login[:LONGEST_ID]))
    return found


def _duplicates(call: Call, type_: str, changes: list[_Change]) -> list[FieldFailure]:
    """Find new logins that another service has, but for one that gives it up in this very call."""
    new = {change.element: change.login for change in changes if change.login and len(change.login) <= LONGEST_ID}
    given_up = {given.text(change.before, "LOGIN") for change in changes if change.login is not None}
    taken = call.session.taken(login_kind(type_), set(new.values())) - given_up
    taken |= {login for login, times in Counter(new.values()).items() if times > 1}
    return [
        FieldFailure("LOGIN", Validation.DUPE, "Duplicate value.", element, login)
        for element, login in new.items()
        if login in taken
    ]


def _move_logins(call: Call, changes: list[_Change]) -> None:
    """Give up all old logins before taking new ones, so that services may exchange theirs."""
    moving = [change for change in changes if change.login is not None]
    for change in moving:
        call.session.release(login_kind(change.poid.type), given.text(change.before, "LOGIN"))
    for change in moving:
        call.session.claim(login_kind(change.poid.type), change.login or "")


def _write(call: Call, change: _Change, events: CustomerEvents) -> Poid:
    """Write what differs, with one event for each kind of change; give the service's POID as it is then."""
    new = {name: value for name, value in change.wanted.items() if _differs(change, name)}
    kinds = {_EVENTS.get(name, _OTHER_EVENT) for name in new} | ({"password"} if change.password else set())
    for kind in sorted(kinds):
        events.record(kind, change.poid)
    return call.session.update(change.poid, new) if new else change.poid


def _differs(change: _Change, name: str) -> bool:
    after = merged({name: change.before.get(name)}, {name: change.wanted[name]})
    return not same({name: change.before.get(name)}, after)
