"""A BRM without a wire: opcodes called directly, input and output checked against the contracts like any other call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from brm_sim.call import Call
from brm_sim.catalog import Discount, PriceCatalog, Product, load_into
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import OPCODES
from brm_sim.registry import registry
from brm_sim.store import Store

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FUTURE = NOW + timedelta(days=365)
GSM = "/service/telco/gsm/telephony"


class Brm:
    """A store with the price list, and a clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.catalog = PriceCatalog.load()
        self.now = NOW
        load_into(store, self.catalog, NOW)

    def call(self, opcode: str, flist: Flist, *, trans_id: str | None = None, flags: int = 0) -> Flist:
        """Call ``PCM_OP_<opcode>``."""
        name = f"PCM_OP_{opcode}"
        spec = registry().by_opcode[name]
        with self.store.session(trans_id, now=self.now) as session:
            output = OPCODES[name](Call(name, session, self.now, flags, self.catalog), spec.checked(flist))
        spec.answer(output)
        return output

    def read(self, poid: object) -> Flist:
        """Read an object as committed."""
        assert isinstance(poid, Poid)
        with self.store.session() as session:
            return session.read(poid)

    def find(self, type_: str, **equals: Poid | str | int) -> list[Flist]:
        """Find committed objects."""
        with self.store.session() as session:
            return session.find(type_, **equals)

    def customer(self, number: str = "ACC-1") -> Customer:
        """Create an account with one billing profile."""
        return Customer(self, self.call("CUST_COMMIT_CUSTOMER", customer(number)))

    def product(self, code: str) -> Poid:
        """Give a product of the price list."""
        return self.catalog.coded(code, Product).poid

    def discount(self, code: str) -> Poid:
        """Give a discount of the price list."""
        return self.catalog.coded(code, Discount).poid

    def buying(self, code: str, **more: Decimal | datetime | str | int) -> Flist:
        """Word an element of PRODUCTS[]."""
        nothing = Decimal(0)
        required: Flist = {"QUANTITY": Decimal(1), "STATUS": 1, "CYCLE_DISCOUNT": nothing, "USAGE_DISCOUNT": nothing}
        return {"PRODUCT_OBJ": self.product(code), **required, **more}

    def discounting(self, code: str, **more: datetime | str | int) -> Flist:
        """Word an element of DISCOUNTS[]."""
        return {"DISCOUNT_OBJ": self.discount(code), "QUANTITY": Decimal(1), "STATUS": 1, **more}


class Customer:
    """A created account: its POIDs."""

    def __init__(self, brm: Brm, output: Flist) -> None:
        assert output["RESULT"] == 1
        self.brm = brm
        self.account = poid(output, "ACCOUNT_OBJ")
        self.billinfo = poid(array(output, "BILLINFO")[0], "POID")
        self.group = poid(array(output, "ACCTINFO")[0], "BAL_GRP_OBJ")

    def balance(self) -> object:
        """Give the balance in pounds."""
        return array(self.brm.read(self.group), "BALANCES")[826]["CURRENT_BAL"]

    def items(self) -> dict[str, object]:
        """Give the totals of the pending items by class."""
        return {
            poid(item, "POID").type: item["ITEM_TOTAL"] for item in self.brm.find("/item", ACCOUNT_OBJ=self.account)
        }

    def events(self) -> list[tuple[str, object]]:
        """Give the fee events: their last part of class, and amounts."""
        found = self.brm.find("/event", ACCOUNT_OBJ=self.account)
        return [
            (poid(event, "POID").type.rpartition("/")[2], impact["AMOUNT"])
            for event in found
            for impact in array(event, "BAL_IMPACTS").values()
        ]

    def add_service(
        self, products: dict[int, Flist], discounts: dict[int, Flist] | None = None, *, login: str = "447700900123"
    ) -> Flist:
        """Call MODIFY_CUSTOMER with one service; give its SERVICES[] element."""
        info: Flist = {"PRODUCTS": Array(products), **({"DISCOUNTS": Array(discounts)} if discounts else {})}
        added = self.modify(service(login, info))
        return array(added, "SERVICES")[0]

    def modify(self, *services: Flist, trans_id: str | None = None, **more: Array) -> Flist:
        """Call MODIFY_CUSTOMER."""
        flist: Flist = {"POID": self.account, "ACCOUNT_OBJ": self.account, "PROGRAM_NAME": "test", **more}
        flist |= {"SERVICES": Array(enumerate(services))} if services else {}
        return self.brm.call("CUST_MODIFY_CUSTOMER", flist, trans_id=trans_id)

    def purchase(self, products: dict[int, Flist], *, service: Poid | None = None, **more: Array) -> Flist:
        """Call PURCHASE_DEAL; give DEAL_INFO."""
        info: Flist = {"PRODUCTS": Array(products), **more}
        flist: Flist = {"POID": self.account, "PROGRAM_NAME": "test", "DEAL_INFO": info}
        output = self.brm.call("SUBSCRIPTION_PURCHASE_DEAL", flist | ({"SERVICE_OBJ": service} if service else {}))
        return substruct(output, "DEAL_INFO")


def type_only(type_: str) -> Poid:
    return Poid("0.0.0.1", type_, -1, 0)


def customer(number: str = "ACC-1") -> Flist:
    """Word a COMMIT_CUSTOMER."""
    name: Flist = {
        "LAST_NAME": "Jones",
        "FIRST_NAME": "Ada",
        "ADDRESS": "1 Mill Lane",
        "CITY": "Leeds",
        "COUNTRY": "GB",
    }
    return {
        "POID": type_only("/plan"),
        "ACCTINFO": Array({0: {"POID": type_only("/account"), "ACCOUNT_NO": number, "CURRENCY": 826}}),
        "NAMEINFO": Array({1: name}),
        "BILLINFO": Array(
            {0: {"POID": type_only("/billinfo"), "BILLINFO_ID": "BP", "PAY_TYPE": 10001, "PAYINFO": Array({0: {}})}}
        ),
        "PAYINFO": Array({0: {"POID": type_only("/payinfo/invoice"), "PAY_TYPE": 10001, "INHERITED_INFO": {}}}),
    }


def service(login: str, info: Flist | None = None, **more: str | Poid | Array) -> Flist:
    """Word an element of SERVICES[]."""
    wanted: Flist = {"SERVICE_OBJ": type_only(GSM), "LOGIN": login, "SERVICE_ID": login, **more}
    return wanted | ({"DEALS": Array({0: {"DEAL_INFO": info}})} if info else {})


def deal(service_element: Flist) -> Flist:
    """Give DEAL_INFO of a service that was added."""
    return substruct(array(service_element, "DEALS")[0], "DEAL_INFO")


def refused(errno: Errno, field: str | None = None) -> pytest.RaisesExc[ErrorBuffer]:
    """Expect an error buffer."""
    return pytest.raises(ErrorBuffer, check=lambda error: error.errno is errno and field in (None, error.field))


def failures(output: Flist) -> list[tuple[object, object, object]]:
    """Give FIELD[]: name, element, reason."""
    assert output["RESULT"] == 0
    return [(each["FIELD_NAME"], each["ELEMENT_ID"], each["RESULT"]) for each in array(output, "FIELD").values()]


def array(flist: Flist, name: str) -> Array:
    value = flist[name]
    assert isinstance(value, Array)
    return value


def substruct(flist: Flist, name: str) -> Flist:
    value = flist[name]
    assert isinstance(value, dict)
    assert not isinstance(value, Array)
    return value


def poid(flist: Flist, name: str) -> Poid:
    value = flist[name]
    assert isinstance(value, Poid)
    return value
