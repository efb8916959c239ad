"""Gateway and BRM as real HTTP servers in this process, and what a tester does with them; time moves by hand."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from lxml import etree
from pydantic import SecretStr

from brm_sim.flist import Array, Flist, Poid
from brm_sim.server import build as build_brm
from brm_sim.settings import Settings as BrmSettings
from gateway.bootstrap import Gateway, build
from gateway.config import Settings
from gateway.domain.xref import XrefRow
from gateway.messaging.attempt import Ending
from gateway.messaging.consumer import Consumer
from gateway.messaging.ports import Clock
from gateway.messaging.queues import Message, State
from gateway.messaging.time import SystemClock
from soapkit.server import running
from tests.acceptance.answers import BILLING, SOAP, Reply, Told, bare, contract, post
from tests.acceptance.orders import Customer, Order, ebm
from tests.brm_sim.simulator import TOKEN, Simulator
from tests.doubles.clock import FakeClock

ORDERS, RESPONSES = "AIA_CRTBO_OUT_JMSQ", "AIA_UPDBO_IN_JMSQ"
MODIFY, DEAL = "PCM_OP_CUST_MODIFY_CUSTOMER", "PCM_OP_SUBSCRIPTION_PURCHASE_DEAL"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

PRODUCTS = {
    "item-tariff": "/product 10001",
    "item-tariff-business": "/product 10004",
    "item-data": "/product 10006",
    "item-handset": "/product 10011",
    "item-activation": "/product 10012",
    "item-paper": "/product 10037",
    "item-itemised": "/product 10038",
    "item-admin-fee": "/product 10041",
    "item-loyalty": "/discount 20001",
    "item-welcome": "/discount 20004",
    "item-bundle-discount": "/discount 20005",
    "item-unsold": "/product 99999",
}
"""Give COMMON id → what the simulator's price list calls it; the last is in no price list."""


class Brm(Simulator):
    """BRM's services and control API, and questions a tester asks."""

    def find(self, type_: str, **equals: Poid | str) -> list[Flist]:
        """Search objects by PCM_OP_SEARCH: class and all fields equal."""
        fields = list(equals.items())
        where = " and ".join(f"F{n} = V{n}" for n, _ in enumerate(fields, 1))
        question: Flist = {
            "POID": Poid("0.0.0.1", "/search", -1),
            "FLAGS": 0,
            "TEMPLATE": f"select X from {type_} where {where} ",
            "ARGS": Array({n: {name: value} for n, (name, value) in enumerate(fields, 1)}),
            "RESULTS": Array({0: {}}),
        }
        return list(cast("Array", self.call("PCM_OP_SEARCH", question).get("RESULTS", Array())).values())

    def owned(self, type_: str, customer: Customer) -> list[Flist]:
        """Search what an account owns."""
        return self.find(type_, ACCOUNT_OBJ=Poid.parse(customer.account_poid))

    def made(self, customer: Customer) -> dict[str, str]:
        """Give COMMON id → POID (without revision) of services and offerings that an account owns."""
        kinds = ("/service", "/purchased_product", "/purchased_discount")
        found = [each for kind in kinds for each in self.owned(kind, customer)]
        return {str(each["O2C_FLD_COMMON_ID"]): bare(each["POID"]) for each in found}

    def bought(self, customer: Customer) -> dict[str, Flist]:
        """Give COMMON id → offering."""
        kinds = ("/purchased_product", "/purchased_discount")
        return {str(each["O2C_FLD_COMMON_ID"]): each for kind in kinds for each in self.owned(kind, customer)}

    def fees(self, customer: Customer) -> list[tuple[str, str]]:
        """Tell what was charged to an account: name of the fee and total, sorted."""

        def total(event: Flist) -> str:
            amounts = [impact["AMOUNT"] for impact in cast("Array", event["BAL_IMPACTS"]).values()]
            return f"{sum(cast('list[Any]', amounts)):.2f}"

        return sorted((str(event["NAME"]), total(event)) for event in self.owned("/event", customer))

    def calls(self, opcode: str, after: int = 0) -> list[Any]:
        """Journal entries of an opcode."""
        entries: list[Any] = self.did("GET", f"/journal?operation={opcode}&after={after}&limit=1000")
        return entries

    def last_call(self) -> int:
        """Id of the journal's newest entry."""
        return max((entry["id"] for entry in self.did("GET", "/journal?limit=1000")), default=0)

    def opcodes(self, after: int) -> list[str]:
        """Names of opcodes called since, without transactions' and questions."""
        entries = self.did("GET", f"/journal?after={after}&limit=1000")
        quiet = ("PCM_OP_TRANS_", "PCM_OP_READ_", "PCM_OP_SEARCH")
        return [entry["operation"] for entry in entries if not entry["operation"].startswith(quiet)]

    def fault(self, opcode: str, **what: Any) -> None:
        """Have an opcode go wrong."""
        self.did("POST", "/faults", {"operation": opcode, **what})


@dataclass
class Site:
    """A gateway, its BRM, and customers made for a test."""

    gateway: Gateway
    url: str
    brm: Brm
    clock: Clock
    directory: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(10001))

    # ---- what is there beforehand

    def number(self) -> str:
        """Give a number nobody else has."""
        return str(next(self._numbers))

    def customer(self, *, under: Customer | None = None, synced: bool = True) -> Customer:
        """Make a customer in BRM and, ``synced``, in XREF; ``under`` is who pays for it (a subordinate billinfo)."""
        number = self.number()
        common = (f"acct-{number}", f"profile-{number}")
        made = self.brm.did("POST", "/seed", [_commit_customer(number, *common, under)])[0]
        customer = Customer(*common, bare(made["ACCOUNT_OBJ"]), bare(made["BILLINFO"]["0"]["POID"]))
        if synced:
            self.know("CUSTOMERPARTY_ACCOUNTID", customer.account, customer.account_poid)
            if under is None:
                self.know("CUSTOMERPARTY_BILLPROFILEID", customer.profile, customer.billinfo)
        return customer

    def profile(self, customer: Customer) -> Customer:
        """Give the same account with another billing profile: a customer with two bills."""
        common = f"profile-{self.number()}"
        account = customer.account_poid
        flist = {"POID": account, "ACCOUNT_OBJ": account, "PROGRAM_NAME": "test"} | _profile(common, None)
        made = self.brm.did("POST", "/seed", [{"opcode": MODIFY, "flist": flist}])[0]
        billinfo = bare(made["BILLINFO"]["0"]["POID"])
        self.know("CUSTOMERPARTY_BILLPROFILEID", common, billinfo)
        return Customer(customer.account, common, account, billinfo)

    def know(self, table: str, common: str, value: str) -> None:
        """Add a cross-reference."""
        self.gateway.admin.load_xref([XrefRow(table, common, "BRM_01", value)], replacing=True)

    def advance(self, duration: timedelta) -> None:
        """Let time pass, for gateway and BRM."""
        assert isinstance(self.clock, FakeClock)
        self.clock.advance(duration)
        self.brm.did("PUT", "/clock", {"set": self.clock.now().isoformat(), "frozen": True})

    # ---- SOAP

    def post(self, service: str, body: bytes, *, path: str = "", operation: str = "") -> Reply:
        """Post a body; HTTP status, and what stands in the body of the answer (the whole answer if it is no SOAP)."""
        return post(self.url + (path or f"/services/{service}"), body, operation)

    def bill(self, order: Order | bytes) -> etree._Element:
        """ProcessBilling that must succeed; the response EBM, checked against the contract."""
        status, answer = self.post(BILLING, order if isinstance(order, bytes) else ebm(order))
        assert status == 200, etree.tostring(answer).decode()
        assert contract(BILLING).check(answer) == ()
        return answer

    def refused(self, order: Order | bytes, service: str = BILLING) -> Told:
        """Make a call that must be answered a fault, checked against the contract."""
        status, answer = self.post(service, order if isinstance(order, bytes) else ebm(order))
        assert (status, answer.tag) == (500, f"{SOAP}Fault"), etree.tostring(answer).decode()
        return Told.read(answer, service)

    # ---- the queue

    def put(self, order: Order | bytes) -> int:
        """Put a message, as ``o2c queue put`` does; its number."""
        return self.gateway.admin.put(ORDERS, order if isinstance(order, bytes) else ebm(order))

    def step(self) -> Ending | None:
        """Let a worker take one message."""
        return Consumer(self.gateway.queues[0], self.gateway.coordinator).step()

    def drain(self) -> None:
        """Let a worker take whatever can be taken now."""
        for _ in range(200):
            if self.step() is None:
                return
        raise AssertionError("the queue never ends")

    def sit_out(self, intake: int) -> Message:
        """Let a worker work, and time pass, until a message is done or in the error queue."""
        for _ in range(50):
            self.drain()
            message = self.gateway.admin.message(intake)
            if message.state in (State.DONE, State.ERROR):
                return message
            self.advance(timedelta(minutes=10))
        raise AssertionError(f"message {intake} comes to no end: {message}")

    def finished(self, intake: int) -> Message:
        """Wait, within bounds, until workers of their own have seen a message through."""

        def ended() -> Message | None:
            message = self.gateway.admin.message(intake)
            return message if message.state in (State.DONE, State.ERROR) else None

        return cast("Message", eventually(ended))

    def consumed(self, order: Order | bytes) -> Message:
        """Put a message and see it through."""
        return self.sit_out(self.put(order))

    def responses(self) -> list[etree._Element]:
        """Take all responses off their queue, each checked against the contract."""
        bodies = iter(lambda: self.gateway.admin.get(RESPONSES), None)
        found = [etree.fromstring(taken[1]) for taken in bodies if taken is not None]
        assert [contract(BILLING).check(each) for each in found] == [()] * len(found)
        return found

    # ---- looking

    def xref(self, customer_or_prefix: str, table: str = "INSTALLEDPRODUCT_ID") -> dict[str, str]:
        """Cross-references of a table whose COMMON id begins so."""
        rows = self.gateway.admin.xref(table, column="BRM_01", limit=100_000)
        return {row.common: row.value for row in rows if row.common.startswith(customer_or_prefix)}

    def transactions(self) -> list[Any]:
        """Tell what BRM holds prepared, or heuristically settled."""
        return self.gateway.admin.transactions("BRM_01")


# ---- making


@contextmanager
def brm_server(directory: Path, *, port: int = 0, **changes: object) -> Iterator[Brm]:
    """Serve a simulator from a directory."""
    with ExitStack() as stack:

        def made(url: str) -> Any:
            given = {"url": f"sqlite:///{directory / 'brm.sqlite'}", "public_url": url, "lock_wait": 0.5}
            settings = BrmSettings.model_validate({**given, "control_token": SecretStr(TOKEN), **changes})
            return stack.enter_context(closing(build_brm(settings)))

        yield Brm(stack.enter_context(running(made, port=port, threads=8)))


def wire(directory: Path, brm_url: str, clock: Clock | None, **changes: Mapping[str, object]) -> Gateway:
    """Build a gateway on a directory's database; ``changes`` are settings by section, ``BRM_01`` the target's."""
    settings: dict[str, Any] = {
        "gateway": {"database": f"sqlite:///{directory / 'gateway.sqlite'}"},
        "brm": {"BRM_01": {"url": brm_url, **changes.pop("BRM_01", {})}},
    }
    for section, values in changes.items():
        settings[section] = {**settings.get(section, {}), **values}
    return build(Settings.model_validate(settings), clock=clock)


@contextmanager
def site(
    directory: Path, brm: Brm, *, frozen: bool = True, **changes: Mapping[str, object]
) -> Iterator[Site]:  # fmt: skip
    """Serve a gateway beside a BRM: both at noon, where time moves by hand, or both in real time."""
    clock = FakeClock(NOON) if frozen else SystemClock()
    brm.did("PUT", "/clock", {"set": NOON.isoformat(), "frozen": True} if frozen else {"real": True})
    gateway = wire(directory, brm.address, clock, **changes)
    with running(lambda url: _published(gateway, url), threads=8) as url:
        made = Site(gateway, url, brm, clock, directory)
        for common, poid in PRODUCTS.items():
            made.know("ITEM_ITEMID", common, f"0.0.0.1 {poid}")
        yield made
    gateway.close()


def _published(gateway: Gateway, url: str) -> Any:
    told = gateway.settings.gateway.model_copy(update={"public_url": url})
    return replace(gateway, settings=gateway.settings.model_copy(update={"gateway": told})).application()


@contextmanager
def working(gateway: Gateway) -> Iterator[None]:
    """Run a worker with its threads."""
    worker = gateway.worker()
    worker.start()
    try:
        yield
    finally:
        worker.stop()
        gateway.close()


def eventually(looked: Any, *, seconds: float = 20) -> Any:
    """Return what ``looked`` finds, asking again for a while: a wait with a bound."""
    waiting = threading.Event()
    for _ in range(int(seconds * 50)):
        found = looked()
        if found:
            return found
        waiting.wait(0.02)
    raise AssertionError("it never came")


def _commit_customer(number: str, account: str, profile: str, under: Customer | None) -> dict[str, Any]:
    name = {"FIRST_NAME": "Ada", "LAST_NAME": "Jones", "ADDRESS": "1 High St", "CITY": "York", "COUNTRY": "GB"}
    known = {"POID": "0.0.0.1 /account -1 0", "ACCOUNT_NO": f"A-{number}", "CURRENCY": 826}
    flist = {
        "POID": "0.0.0.1 /plan -1 0",
        "ACCTINFO": {"0": {**known, "O2C_FLD_COMMON_ID": account}},
        "NAMEINFO": {"1": name},
        **_profile(profile, under),
    }
    return {"opcode": "PCM_OP_CUST_COMMIT_CUSTOMER", "flist": flist}


def _profile(common: str, under: Customer | None) -> dict[str, Any]:
    """Word a billing profile: paying by itself, or by the profile of another customer."""
    kind, pays = ("invoice", 10001) if under is None else ("subord", 10007)
    above = {} if under is None else {"PARENT_BILLINFO_OBJ": under.billinfo, "AR_BILLINFO_OBJ": under.billinfo}
    billinfo = {
        "POID": "0.0.0.1 /billinfo -1 0",
        "BILLINFO_ID": common,
        "PAY_TYPE": pays,
        "O2C_FLD_COMMON_ID": common,
        "PAYINFO": {"0": {}},
        **above,
    }
    payinfo = {"POID": f"0.0.0.1 /payinfo/{kind} -1 0", "PAY_TYPE": pays, "INHERITED_INFO": {}}
    return {"BILLINFO": {"0": billinfo}, "PAYINFO": {"0": payinfo}}
