"""Work to do → input flists of BRM's opcodes; ``answers`` reads their output flists. No I/O.

Fields stand in the order in which BRM publishes them. An output flist has the element ids of its input, so the place
where a line's POID will be is known when the call is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.domain.billing import Bundle, DateGroup, DateRules, DealGroup, ServiceGroup, dates_of
from gateway.domain.brm import Elements, Flist
from gateway.domain.codes import BillingMode, ProductType
from gateway.domain.order import ASSET, BalanceGroup, Dates, Line
from gateway.domain.prices import Prices, prices_of
from gateway.domain.references import References
from gateway.errors import UnknownReference

MODIFY_CUSTOMER = "PCM_OP_CUST_MODIFY_CUSTOMER"
PURCHASE_DEAL = "PCM_OP_SUBSCRIPTION_PURCHASE_DEAL"
SET_PRODINFO = "PCM_OP_SUBSCRIPTION_SET_PRODINFO"
SET_DISCOUNTINFO = "PCM_OP_SUBSCRIPTION_SET_DISCOUNTINFO"
SEARCH = "PCM_OP_SEARCH"
READ_FLDS = "PCM_OP_READ_FLDS"

COMMON_ID = "O2C_FLD_COMMON_ID"
PROGRAM = "o2c-gateway"
ACTIVE = 1
HUNDRED = Decimal(100)

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call's output flist has the POID of what was made for a line; an item's may be absent."""

    line: Line
    path: Path
    optional: bool = False


@dataclass(frozen=True, slots=True)
class OpcodeCall:
    """A call to make: ``lines`` are those it is for, ``places`` where their POIDs will be."""

    opcode: str
    flist: Flist
    lines: tuple[Line, ...]
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Payer:
    """Whom BRM charges: account and, if the order names a billing profile, its billinfo and balance group."""

    account: str
    billinfo: str | None = None
    balance_group: str | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the calls of one order: its references, its time, its rules for dates."""

    references: References
    now: datetime
    rules: DateRules
    title: str

    def modify_customer(self, group: ServiceGroup, payer: Payer) -> OpcodeCall:
        """Create the services of an account and billing profile, each with all that is bought for it."""
        hints = _new_balance_groups(group.bundles)
        groups = {key: n for n, key in enumerate(hints)}
        lines = [line for bundle in group.bundles for line in (bundle.line, *bundle.offerings)]
        places: list[Place] = []
        services: Elements = {}
        for n, bundle in enumerate(group.bundles):
            services[n] = self._service(bundle, payer, groups)
            places.append(Place(bundle.line, ("SERVICES", n, "SERVICE_OBJ")))
            places.extend(_places(bundle.offerings, ("SERVICES", n, "DEALS", 0, "DEAL_INFO")))
        flist: Flist = {"POID": payer.account, "ACCOUNT_OBJ": payer.account, "PROGRAM_NAME": PROGRAM}
        if payer.billinfo is not None:
            flist["BILLINFO"] = array([{"POID": payer.billinfo}])
        if hints:
            flist["BAL_INFO"] = array(_balance_group(hint, payer) for hint in hints.values())
        flist["SERVICES"] = services
        return OpcodeCall(MODIFY_CUSTOMER, flist, tuple(lines), tuple(places))

    def purchase_deal(self, group: DealGroup, payer: Payer) -> OpcodeCall:
        """Buy for an account, or for a service that is there already, as one deal."""
        flist: Flist = {"POID": payer.account}
        if group.service is not None:
            flist["SERVICE_OBJ"] = self._there(group.service)
        flist["PROGRAM_NAME"] = PROGRAM
        balance_group = group.balance_group or payer.balance_group
        if group.service is None and balance_group:
            flist["BAL_GRP_OBJ"] = balance_group
        flist["DEAL_INFO"] = self._deal(f"Order {self.title}", group.offerings)
        return OpcodeCall(PURCHASE_DEAL, flist, group.offerings, _places(group.offerings, ("DEAL_INFO",)))

    def set_dates(self, group: DateGroup, payer: Payer) -> OpcodeCall:
        """Give initiated offerings of an account, or of one service, their real dates."""
        opcode, changes = (SET_DISCOUNTINFO, "DISCOUNTS") if group.discounts else (SET_PRODINFO, "PRODUCTS")
        flist: Flist = {"POID": payer.account}
        if group.service is not None:
            flist["SERVICE_OBJ"] = self._there(group.service)
        flist["PROGRAM_NAME"] = PROGRAM
        flist[changes] = array(map(self._change, group.offerings))
        return OpcodeCall(opcode, flist, group.offerings)

    def _service(self, bundle: Bundle, payer: Payer, groups: Mapping[str, int]) -> Flist:
        line, hint = bundle.line, bundle.line.balance_group
        service: Flist = {
            "SERVICE_OBJ": f"{_database(payer.account)} {line.permitted_type} -1 0",
            COMMON_ID: line.common,
            "LOGIN": line.service_id,
            "SERVICE_ID": line.service_id,
            "ALIAS_LIST": array([{"NAME": line.service_id}]),
        }
        if hint is not None and hint.poid:
            service["BAL_GRP_OBJ"] = hint.poid
        elif hint is not None:
            service["BAL_INFO"] = reference(groups[_group_key(line, hint)])
        if bundle.offerings:
            service["DEALS"] = array([{"DEAL_INFO": self._deal(line.name or line.service_id, bundle.offerings)}])
        return service

    def _deal(self, name: str, offerings: Iterable[Line]) -> Flist:
        products, discounts = _split(offerings)
        deal: Flist = {"NAME": name}
        if products:
            deal["PRODUCTS"] = array(map(self._product, products))
        if discounts:
            deal["DISCOUNTS"] = array(map(self._discount, discounts))
        return deal

    def _product(self, line: Line) -> Flist:
        product = self._bought("PRODUCT_OBJ", line)
        product.update(_prices(prices_of(line)))
        return product

    def _discount(self, line: Line) -> Flist:
        prices_of(line)  # a discount has no price: one in the order is refused here, like everywhere
        return self._bought("DISCOUNT_OBJ", line)

    def _bought(self, field: str, line: Line) -> Flist:
        offering: Flist = {
            field: self.references.item(line),
            COMMON_ID: line.common,
            "QUANTITY": line.quantity,
            "STATUS": ACTIVE,
        }
        offering.update(_dates(dates_of(line, self.now, self.rules)))
        return offering

    def _change(self, line: Line) -> Flist:
        change: Flist = {"OFFERING_OBJ": self._there(line)}
        change.update(_dates(dates_of(line, self.now, self.rules)))
        return change

    def _there(self, line: Line) -> str:
        """Return the POID of something that the ledger or the order says is in BRM."""
        found = self.references.installed(line)
        if found is None:
            text = f"{line.who}: InstalledProduct '{line.common}' has no cross-reference in {self.references.column}"
            raise UnknownReference(text, element=line.path(ASSET))
        return found


def array(flists: Iterable[Flist]) -> Elements:
    """Return an array whose element ids count from 0."""
    return dict(enumerate(flists))


def reference(element: int) -> Elements:
    """Return a pointer to an element of an array elsewhere in the flist: an element without content."""
    return {element: {}}


def _split(offerings: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    products: list[Line] = []
    discounts: list[Line] = []
    for line in offerings:
        (discounts if line.product is ProductType.DISCOUNT else products).append(line)
    return products, discounts


def _places(offerings: Iterable[Line], deal: Path) -> tuple[Place, ...]:
    """Tell where BRM will answer the offering of each line: at the element id it was bought with."""
    products, discounts = _split(offerings)
    return tuple(
        Place(line, (*deal, kind, n, "OFFERING_OBJ"), optional=_leaves_nothing(line))
        for kind, lines in (("PRODUCTS", products), ("DISCOUNTS", discounts))
        for n, line in enumerate(lines)
    )


def _leaves_nothing(line: Line) -> bool:
    """Whether BRM charges a line at once and answers nothing: an item's POID comes in INITIATE only (seed 003)."""
    return line.product is ProductType.ITEM and line.billing is BillingMode.FULFILL


def _dates(dates: Dates) -> Flist:
    flist: Flist = {}
    for name, start in (("PURCHASE", dates.purchase), ("CYCLE", dates.cycle), ("USAGE", dates.usage)):
        flist[f"{name}_START_T"] = start
        if dates.end is not None:
            flist[f"{name}_END_T"] = dates.end
    return flist


def _prices(prices: Prices) -> Flist:
    """Write prices in the published order; a percentage of 0 to 100 becomes BRM's share of 0 to 1."""
    optional: tuple[tuple[str, Decimal | None], ...] = (
        ("PURCHASE_FEE_AMT", prices.purchase_fee),
        ("CYCLE_FEE_AMT", prices.cycle_fee),
        ("PURCHASE_DISCOUNT", prices.purchase_discount / HUNDRED if prices.purchase_discount else None),
        ("PURCHASE_DISC_AMT", prices.purchase_discount_amount),
        ("CYCLE_DISCOUNT", prices.cycle_discount / HUNDRED),
        ("CYCLE_DISC_AMT", prices.cycle_discount_amount),
        ("USAGE_DISCOUNT", prices.usage_discount / HUNDRED),
    )
    return {name: value for name, value in optional if value is not None}


def _new_balance_groups(bundles: Sequence[Bundle]) -> dict[str, BalanceGroup]:
    """Return the balance groups to create, in the order of their element ids."""
    hints = ((bundle.line, bundle.line.balance_group) for bundle in bundles)
    return {_group_key(line, hint): hint for line, hint in hints if hint is not None and not hint.poid}


def _group_key(line: Line, hint: BalanceGroup) -> str:
    return f"own {line.id}" if hint.own else f"named {hint.name}"


def _balance_group(hint: BalanceGroup, payer: Payer) -> Flist:
    group: Flist = {"POID": f"{_database(payer.account)} /balance_group -1 0", "NAME": hint.name}
    if payer.billinfo is not None:
        group["BILLINFO"] = reference(0)
    return group


def _database(poid: str) -> str:
    return poid.partition(" ")[0]


def billinfos_of(account: str) -> OpcodeCall:
    """Search the billing profiles of an account, with the profiles they are subordinate to."""
    wanted: Flist = dict.fromkeys(("POID", "PARENT_BILLINFO_OBJ", "AR_BILLINFO_OBJ", "BAL_GRP_OBJ"))
    args: Elements = {1: {"ACCOUNT_OBJ": account}}
    flist: Flist = {
        "POID": f"{_database(account)} /search -1 0",
        "FLAGS": 0,
        "TEMPLATE": "select X from /billinfo where F1 = V1",
        "ARGS": args,
        "RESULTS": array([wanted]),
    }
    return OpcodeCall(SEARCH, flist, ())


def balance_group_of(billinfo: str) -> OpcodeCall:
    """Read which balance group a billing profile bills."""
    return OpcodeCall(READ_FLDS, {"POID": billinfo, "BAL_GRP_OBJ": None}, ())
