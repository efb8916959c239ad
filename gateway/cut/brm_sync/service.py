"""Brings one record and its object in BRM in step: what the coordinator runs for each hint, in BRM's transaction.

The account is locked in BRM before anything is read. What BRM's side changed is written to Siebel against the ModId
just read (stale: the hint is tried again), then what Siebel's side changed to BRM; the state in which both are equal
then is kept in the unit's commit. Should that not be reached, both sides are read again the next time.
Records without cross-references are nobody's to sync, and left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from lxml import etree

from gateway.cut.brm_sync import mapping
from gateway.cut.brm_sync.merge import Merge, Values, merge
from gateway.cut.conflicts import Winner
from gateway.cut.foreseen import all_noted, foresee, foreseen
from gateway.cut.instances import Instance, read
from gateway.cut.merging import written
from gateway.cut.objects import CutObject
from gateway.cut.ports import Siebel
from gateway.cut.receive import is_stale
from gateway.cut.shapes import shape
from gateway.domain.brm import Flist
from gateway.domain.poid import bare, base_class
from gateway.domain.xref import XrefTable
from gateway.errors import InvalidMessage, SiebelRefused, Unavailable
from gateway.messaging.ports import Clock, Database
from gateway.messaging.synced import KnownValue, SyncConflict, SyncState
from gateway.messaging.unit import Effects, Plan, Reply, RequestKey, Unit
from gateway.transforms.reading import Element
from soapkit.faults import Refused
from soapkit.limits import parse

PROGRAM = "o2c-gateway"
"""PROGRAM_NAME of what the gateway itself writes: BRM tells it back, and it is no news then."""

_OWNERS = ("OwnerAccountId", "BillingAccountId")
_NOTHING = Effects(b"")


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that may have changed, on either side."""

    about: CutObject
    row_id: str

    @property
    def place(self) -> tuple[str, str]:
        """Return what its base is kept under."""
        return self.about.key, self.row_id


@dataclass(frozen=True, slots=True)
class _Both:
    """A record as both sides have it, and the base; ``poid`` is BRM's object.

    ``words`` are what an attempt that came to no end was to write to Siebel; of those that Siebel has, the base knows.
    """

    hint: Hint
    poid: str
    ours: Instance
    theirs: Flist
    base: Values
    words: Values


@dataclass(slots=True)  # not frozen: the port's ``operation`` is an ordinary attribute
class BrmSync:
    """The service (port ``Service``) for one BRM; ``source`` is what the Siebel is called (``SEBL_01``).

    ``objects`` are those that are kept in step, by their ``_Input`` (Clark name).
    """

    brm: str
    source: str
    siebel: Siebel
    objects: Mapping[str, CutObject]
    winner: Winner
    database: Database
    clock: Clock
    operation: str = "CUT sync"

    def plan(self, body: bytes) -> Plan:
        """Read a hint, and find out which accounts it is about. Every hint is worked on: its key is new each time."""
        hint, record = self._hint(body)
        accounts = self._accounts(hint, record)
        key = RequestKey(self.source, uuid4().hex, self.operation)
        return Plan(key, body, self.brm, accounts, hint, order="", account=hint.row_id)

    def work(self, plan: Plan, unit: Unit) -> Effects:
        """Read, merge, write."""
        hint: Hint = plan.payload
        poid = _poid(hint, unit, self.source)
        if poid is None:
            unit.story.tell("left alone", f"{hint.about.name} {hint.row_id} has no cross-reference to {unit.brm}")
            return _NOTHING
        ours = next(iter(read(self.siebel.query_by_id(hint.about.siebel, hint.row_id))), None)
        if ours is None:
            unit.story.tell("left alone", f"{hint.about.name} {hint.row_id} is not in Siebel any more")
            return _NOTHING
        theirs = unit.opcodes.call("PCM_OP_READ_FLDS", {"POID": poid, **_WANTED[hint.about.key]})
        base, words = self._base(hint)
        agreed = _agreed(words, _OF_SIEBEL[hint.about.key](ours))
        both = _Both(hint, poid, ours, theirs, {**base, **agreed}, words)
        return _SYNCS[hint.about.key](self, both, unit)

    def error_reply(self, plan: Plan, error: Exception) -> Reply | None:  # noqa: ARG002 - the port's
        """Nobody asked."""
        return None

    def refusal(self, body: bytes, error: Exception) -> Reply | None:  # noqa: ARG002 - the port's
        """Nobody asked."""
        return None

    def response(self, result: bytes) -> Reply | None:  # noqa: ARG002 - the port's
        """Nobody asked."""
        return None

    # ---- one kind each

    def account(self, both: _Both, unit: Unit) -> Effects:
        """Merge an account with BRM's /account."""
        business = mapping.is_business(both.ours)
        brm = mapping.of_customer(both.theirs, business=business)
        merged = merge(both.base, mapping.of_account(both.ours), brm, self.winner)
        changes = mapping.to_account(merged.to_siebel)
        self._write(both, merged.to_siebel, changes.account, _address(both, changes.address))
        if merged.to_brm:
            unit.opcodes.call(
                "PCM_OP_CUST_UPDATE_CUSTOMER",
                {
                    "POID": both.poid,
                    "ACCOUNT_OBJ": both.poid,
                    "PROGRAM_NAME": PROGRAM,
                    "NAMEINFO": {
                        mapping.BILLING_CONTACT: mapping.to_customer(both.theirs, merged.to_brm, business=business)
                    },
                },
            )
        return self._effects(both, merged, merged.base, unit)

    def number(self, both: _Both, unit: Unit) -> Effects:
        """Merge a phone number with BRM's /service."""
        siebel = _number(both.ours)[mapping.NUMBER]
        brm = mapping.number_of(both.theirs, both.base, siebel)
        merged = merge(both.base, {mapping.NUMBER: siebel}, {mapping.NUMBER: brm}, self.winner)
        number = merged.base[mapping.NUMBER]
        change = mapping.to_service(both.theirs, number, both.base)
        words = {**merged.to_siebel, **mapping.places_of_number(both.theirs)} if merged.to_siebel else {}
        self._write(both, words, merged.to_siebel, [])
        if change:
            unit.opcodes.call(
                "PCM_OP_CUST_UPDATE_SERVICES",
                {
                    "POID": bare(both.theirs.get("ACCOUNT_OBJ")),
                    "PROGRAM_NAME": PROGRAM,
                    "SERVICES": {0: {"POID": both.poid, **change}},
                },
            )
        after = {**merged.base, **mapping.places_of_number({**both.theirs, **change})}
        return self._effects(both, merged, after, unit)

    # ---- shared steps

    def _hint(self, body: bytes) -> tuple[Hint, Element]:
        try:
            root = parse(body)
        except Refused as error:
            raise InvalidMessage(error.text, element=error.path) from None
        about = self.objects.get(root.tag)
        found = None if about is None else root.find(about.list_element)
        records = [] if about is None or found is None else about.records(found)
        if about is None or len(records) != 1 or not about.row_id(records[0]):
            raise InvalidMessage("this is no change of a record that is kept in step", element=root.tag)
        return Hint(about, about.row_id(records[0])), records[0]

    def _accounts(self, hint: Hint, record: Element) -> tuple[str, ...]:
        """Return the COMMON ids of the accounts to be locked; a hint about a number may not say whose it is."""
        rows = [hint.row_id]
        if hint.about.key != "Account":
            rows = _owners(record)
            if not rows:
                found = hint.about.records(self.siebel.query_by_id(hint.about.siebel, hint.row_id))
                rows = _owners(found[0]) if found else []
        with self.database.read() as work:
            commons = work.xref.commons(XrefTable.CUSTOMERPARTY_ACCOUNTID, rows, self.source)
        return tuple(commons.values())

    def _base(self, hint: Hint) -> tuple[Values, Values]:
        """Return what both sides had when they were equal last, and what an attempt that came to no end foresaw."""
        with self.database.read() as work:
            known = work.synced.state(self.brm, hint.about.key, hint.row_id)
            words = foreseen(work, self.brm, [hint.place]).get(hint.place, {})
        return {field: kept.value for field, kept in known.items()}, {
            field: each.value for field, each in words.items()
        }

    def _foresee(self, both: _Both, words: Values) -> None:
        """Keep what Siebel is about to be given because BRM has it, in a commit of its own."""
        with self.database.begin() as work:
            values = {field: KnownValue(value) for field, value in words.items()}
            foresee(work, self.brm, {both.hint.place: values}, self.clock.now())
            work.commit()

    def _write(self, both: _Both, words: Values, fields: Values, containers: Sequence[Element]) -> None:
        """Write what changes in Siebel, if anything does. Raises Unavailable when the record was changed meanwhile."""
        if not fields and not containers:
            return
        self._foresee(both, words)
        about = both.hint.about
        message = etree.Element(about.list_element, nsmap={"io": about.namespace})
        message.append(written(both.ours, fields, containers, shape(about), None))
        try:
            self.siebel.upsert(about.siebel, message)
        except SiebelRefused as refused:
            if is_stale(refused):
                raise Unavailable("the record was changed in Siebel meanwhile", code="O2C_RECORD_BUSY") from refused
            raise

    def _effects(self, both: _Both, merged: Merge, base: Values, unit: Unit) -> Effects:
        told = [
            f"{len(values)} fields to {name}"
            for name, values in ((self.source, merged.to_siebel), (unit.brm, merged.to_brm))
            if values
        ]
        unit.story.tell("in step", " and ".join(told) or "nothing differed")
        about, row_id, now = both.hint.about, both.hint.row_id, self.clock.now()
        winner = self.source if self.winner is Winner.SIEBEL else self.brm
        return Effects(
            b"",
            synced=(
                SyncState(self.brm, about.key, row_id, {tag: KnownValue(value) for tag, value in base.items()}),
                *((all_noted(self.brm, both.hint.place),) if merged.to_siebel or both.words else ()),
            ),
            conflicts=tuple(
                SyncConflict(self.brm, about.key, row_id, clash.field, clash.siebel, clash.partner, winner, "", now)
                for clash in merged.clashes
            ),
        )


_WANTED: Mapping[str, Flist] = {"Account": mapping.WANTED, "PhoneNumber": mapping.WANTED_OF_SERVICE}
_SYNCS: Mapping[str, Callable[[BrmSync, _Both, Unit], Effects]] = {
    "Account": BrmSync.account,
    "PhoneNumber": BrmSync.number,
}
"""By an object's key, how its records are kept in step."""


def _number(asset: Instance) -> Values:
    return {mapping.NUMBER: mapping.text(asset.fields.get(mapping.NUMBER))}


_OF_SIEBEL: Mapping[str, Callable[[Instance], Values]] = {"Account": mapping.of_account, "PhoneNumber": _number}
"""By an object's key, what Siebel has of its mapped fields."""


def _agreed(words: Values, siebel: Values) -> Values:
    """Return the words that Siebel has; those about BRM only, where it has all the others."""
    of_siebel = words.keys() & siebel.keys()
    there = {field for field in of_siebel if words[field] == siebel[field]}
    return {field: value for field, value in words.items() if field in there or there == of_siebel}


def _poid(hint: Hint, unit: Unit, source: str) -> str | None:
    """Return BRM's object of a record; None when there is none that is kept in step."""
    of_account = hint.about.key == "Account"
    table = XrefTable.CUSTOMERPARTY_ACCOUNTID if of_account else XrefTable.INSTALLEDPRODUCT_ID
    common = unit.xref.common(table, source, hint.row_id)
    poid = None if common is None else unit.xref.value(table, common, unit.brm)
    if poid is None or base_class(poid) != ("/account" if of_account else "/service"):
        return None
    return poid


def _owners(record: Element) -> list[str]:
    return [row for tag in _OWNERS if (row := (record.findtext(f"{{*}}{tag}") or "").strip())]


def _address(both: _Both, fields: Values) -> list[Element]:
    """Return the container with what changes of the primary address."""
    address = mapping.primary_address(both.ours)
    if address is None or not fields:
        return []
    container = etree.Element(f"{{{both.hint.about.namespace}}}ListOfCutAddress")
    container.append(written(address, fields, [], shape(both.hint.about), None))
    return [container]
