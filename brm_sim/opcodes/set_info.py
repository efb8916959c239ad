"""PCM_OP_SUBSCRIPTION_SET_PRODINFO and SET_DISCOUNTINFO: dates, prices and discounts of what has been bought.

Moving a start from the future to now or the past makes the fee fall due that the purchase did not charge (FULFILL after
INITIATE). What has been charged is not charged again.
"""

from __future__ import annotations

from brm_sim.call import Call
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import accounts, given, offerings
from brm_sim.opcodes.charges import Charges
from brm_sim.opcodes.purchase_deal import balance_group, discounts_of

_CHANGEABLE = ("DESCR", "QUANTITY", *offerings.DATES)


def set_prodinfo(call: Call, flist: Flist) -> Flist:
    """{POID account, SERVICE_OBJ, PROGRAM_NAME, PRODUCTS[]{OFFERING_OBJ, …}} → {POID, PRODUCTS[]{OFFERING_OBJ}}.

    Raises ErrorBuffer: account closed (113), an offering that is not the account's (or the service's), cancelled ones,
    terms that mean nothing.
    """
    changes = _Changes(call, flist)
    changed = Array({element: changes.product(wanted) for element, wanted in given.array(flist, "PRODUCTS").items()})
    changes.settle()
    return {"POID": changes.account, "PRODUCTS": changed}


def set_discountinfo(call: Call, flist: Flist) -> Flist:
    """{POID account, SERVICE_OBJ, PROGRAM_NAME, DISCOUNTS[]{OFFERING_OBJ, …}} → {POID, DISCOUNTS[]{OFFERING_OBJ}}."""
    changes = _Changes(call, flist)
    changed = Array({element: changes.discount(wanted) for element, wanted in given.array(flist, "DISCOUNTS").items()})
    return {"POID": changes.account, "DISCOUNTS": changed}


class _Changes:
    """The changes of one call: reads all offerings at once, keeps one set of charges for each balance group."""

    def __init__(self, call: Call, flist: Flist) -> None:
        self._call = call
        self._flist = flist
        self._record = accounts.open_account(call.session, given.poid(flist, "POID"))
        self.account = given.poid(self._record, "POID")
        self._charges: dict[int, Charges] = {}
        self._discounts: dict[Poid | None, list[Flist]] = {}
        self._owners: dict[Poid | None, Flist] = {None: self._record}
        self._read_ahead()

    def product(self, wanted: Flist) -> Flist:
        """Change one purchased product; charge what falls due."""
        before = self._offering(wanted, "/purchased_product")
        offering = given.poid(before, "POID")
        changed = before | self._changed(wanted, (*_CHANGEABLE, *offerings.PRICES), before)
        product = self._call.catalog.product(given.poid(before, "PRODUCT_OBJ"))
        service = given.optional_poid(before, "SERVICE_OBJ")
        reducing = offerings.purchased_discounts(
            self._call.catalog, self._discounts[service], self._call.now, given.moment(before, "CYCLE_START_T")
        )
        changed |= offerings.charge_due(self._charges_of(service), product, changed, reducing, offering)
        return {"OFFERING_OBJ": self._call.session.update(offering, _difference(before, changed))}

    def discount(self, wanted: Flist) -> Flist:
        """Change one purchased discount."""
        before = self._offering(wanted, "/purchased_discount")
        changed = before | self._changed(wanted, _CHANGEABLE, before)
        return {"OFFERING_OBJ": self._call.session.update(given.poid(before, "POID"), _difference(before, changed))}

    def settle(self) -> None:
        """Write what was charged."""
        for charges in self._charges.values():
            charges.settle()

    def _read_ahead(self) -> None:
        """Read what the call needs in few queries: the offerings, their services, the services' discounts."""
        session = self._call.session
        wanted = [*given.array(self._flist, "PRODUCTS").values(), *given.array(self._flist, "DISCOUNTS").values()]
        found = session.read_many([given.poid(each, "OFFERING_OBJ") for each in wanted])
        services = {given.optional_poid(each, "SERVICE_OBJ") for each in found.values()}
        for service in services:
            if service is not None:
                self._owners[service] = session.read(service)
            self._discounts[service] = discounts_of(self._call, self.account, service)

    def _offering(self, wanted: Flist, type_: str) -> Flist:
        poid = given.poid(wanted, "OFFERING_OBJ")
        found = accounts.own(self._call.session, self.account, poid, type_, "OFFERING_OBJ")
        service, named = given.optional_poid(found, "SERVICE_OBJ"), given.optional_poid(self._flist, "SERVICE_OBJ")
        if named is not None and (service is None or not service.same(named)):
            raise ErrorBuffer(Errno.BAD_VALUE, "the offering is not of that service", field="SERVICE_OBJ")
        if found.get("STATUS") == offerings.CANCELLED:
            raise ErrorBuffer(Errno.BAD_VALUE, "the offering is cancelled", field="OFFERING_OBJ")
        return found

    def _changed(self, wanted: Flist, names: tuple[str, ...], before: Flist) -> Flist:
        changes = offerings.kept(wanted, names)
        for name in offerings.DATES:
            if name in changes:
                changes[name] = given.moment(wanted, name) or (before[name] if name.endswith("START_T") else None)
        offerings.check_terms(before | changes)
        return changes

    def _charges_of(self, service: Poid | None) -> Charges:
        group = balance_group(self._call, self.account, {}, self._owners[service])
        if group.id not in self._charges:
            self._charges[group.id] = Charges(
                call=self._call,
                account=self.account,
                balance_group=group,
                currency=given.integer(self._record, "CURRENCY") or self._call.catalog.currency,
                program=given.text(self._flist, "PROGRAM_NAME"),
            )
        return self._charges[group.id]


def _difference(before: Flist, after: Flist) -> Flist:
    return {name: value for name, value in after.items() if name not in before or before[name] != value}
