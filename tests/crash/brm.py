"""The simulator as a process that is killed and started again on the same database; and BRM as its users see it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from brm_sim.flist import Array, Flist, Poid
from gateway.demo.customers import Customer, commit_customer
from soapkit.faults import NoAnswer, RemoteFault, Unreachable
from tests.brm_sim.simulator import TOKEN, Simulator
from tests.crash.processes import Child, Nursery, free_port, until

HANDLE = Poid("0.0.0.1", "/poid", -1)
COMMON = "O2C_FLD_COMMON_ID"
READ_WRITE, LOCK = 65536, 0x20000
MADE = ("/service", "/purchased_product", "/purchased_discount", "/event")
"""Classes whose objects orders make."""


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's account in BRM; COMMON ids are ``customer``'s."""

    customer: Customer
    account: Poid
    billinfo: Poid


@dataclass
class Brm:
    """One simulator: its database and its address stay, its process comes and goes."""

    nursery: Nursery
    directory: Path
    port: int = field(default_factory=free_port)
    process: Child | None = None
    customers: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.directory / "brm.log"

    def __post_init__(self) -> None:
        self.simulator = Simulator(self.url)

    # ---- the process

    def start(self) -> None:
        environment = {
            "BRM_SIM_PORT": str(self.port),
            "BRM_SIM_URL": f"sqlite:///{self.directory / 'brm.sqlite'}",
            "BRM_SIM_CONTROL_TOKEN": TOKEN,
            "BRM_SIM_LOCK_WAIT": "1",
        }
        self.process = self.nursery.start(environment=environment, log=self.log)
        until(self._serves, "the simulator serves")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
        self.process = None

    def _serves(self) -> bool:
        assert self.process is not None
        assert self.process.alive, self.log.read_text()
        try:
            self.simulator.call("PCM_OP_TEST_LOOPBACK", {"POID": HANDLE})
        except (Unreachable, NoAnswer):
            return False
        return True

    # ---- its control API

    def fault(self, operation: str, action: str, at: str = "before", **more: Any) -> None:
        self.simulator.did("POST", "/faults", {"operation": operation, "action": action, "at": at, **more})

    def struck(self) -> bool:
        """Tell whether every fault has acted."""
        return all(fault["struck"] for fault in self.simulator.did("GET", "/faults"))

    def at_a_barrier(self) -> bool:
        assert self.process is not None
        return any(barrier["pid"] == self.process.pid for barrier in self.simulator.did("GET", "/barriers"))

    def behave(self) -> None:
        """Take back every fault, and let go whoever waits at a barrier."""
        self.simulator.did("DELETE", "/faults")
        self.simulator.did("POST", "/barriers/release")

    def last_call(self) -> int:
        """Return the number of the latest call in the journal."""
        calls = self.simulator.did("GET", "/journal?limit=1000")
        return max((int(call["id"]) for call in calls), default=0)

    def called_since(self, number: int) -> set[str]:
        """Return which opcodes have been called after that one."""
        return {call["operation"] for call in self.simulator.did("GET", f"/journal?after={number}&limit=1000")}

    # ---- what is in it

    def customer(self) -> Account:
        """Create a customer that nobody else uses."""
        self.customers += 1
        wanted = Customer(f"CR-{self.customers:04}", "Ada", "Jones", "1 Exchange Street", "Manchester", "M2 7HA")
        call = {"opcode": "PCM_OP_CUST_COMMIT_CUSTOMER", "flist": commit_customer(wanted)}
        [made] = self.simulator.did("POST", "/seed", [call])
        return Account(wanted, Poid.parse(made["ACCOUNT_OBJ"]), Poid.parse(made["BILLINFO"]["0"]["POID"]))

    def made_on(self, account: Account, storable_class: str) -> list[Flist]:
        """Return what an account has of a class."""
        question: Flist = {
            "POID": Poid("0.0.0.1", "/search", -1),
            "FLAGS": 0,
            "TEMPLATE": f"select X from {storable_class} where F1 = V1 ",
            "ARGS": Array({1: {"ACCOUNT_OBJ": account.account}}),
            "RESULTS": Array({0: {}}),
        }
        found = self.simulator.call("PCM_OP_SEARCH", question).get("RESULTS", Array())
        assert isinstance(found, Array)
        return list(found.values())

    def exists(self, poid: str) -> bool:
        try:
            self.simulator.call("PCM_OP_READ_OBJ", {"POID": Poid.parse(poid)})
        except RemoteFault:
            return False
        return True

    def balance(self, account: Account) -> Any:
        """Return what the account owes."""
        [group] = self.made_on(account, "/balance_group")
        balances = cast("Array", group["BALANCES"])
        return sum(cast("Any", each["CURRENT_BAL"]) for each in balances.values())

    def effect(self, account: Account) -> Counter[tuple[str, str]]:
        """Return what orders made on an account, to be compared: class and COMMON id of each object, and the balance.

        The account's number is left out of the COMMON ids, so that the same orders have the same effect on any account.
        """
        number = account.customer.number
        made = [
            (cast("Poid", each["POID"]).type, str(each.get(COMMON)).replace(number, "…"))
            for storable_class in MADE
            for each in self.made_on(account, storable_class)
        ]
        return Counter([*made, ("balance", str(self.balance(account)))])

    def prepared(self) -> list[str]:
        """Return the TRANS_IDs that RECOVER lists: prepared, or settled by hand."""
        listed = self.simulator.call("PCM_OP_TRANS_RECOVER", {"POID": HANDLE}).get("RESULTS", Array())
        assert isinstance(listed, Array)
        return [str(each["TRANS_ID"]) for each in listed.values()]

    def forget(self, transaction: str) -> None:
        self.simulator.call("PCM_OP_TRANS_FORGET", {"POID": HANDLE, "TRANS_ID": transaction})

    def remembers(self, transaction: str) -> bool:
        """Tell whether BRM still knows a transaction that it committed: then there is nothing to abort."""
        try:
            self.simulator.call("PCM_OP_TRANS_ABORT", {"POID": HANDLE, "TRANS_ID": transaction})
        except RemoteFault:
            return True
        return False

    def locked(self, account: Account) -> bool:
        """Tell whether somebody holds the account: try to lock it, in a transaction that is aborted."""
        name = str(self.simulator.call("PCM_OP_TRANS_OPEN", {"POID": HANDLE}, flags=READ_WRITE)["TRANS_ID"])
        question: Flist = {"POID": account.account, "ACCOUNT_NO": None}
        try:
            self.simulator.call("PCM_OP_READ_FLDS", question, flags=LOCK, trans_id=name)
        except RemoteFault:
            return True
        finally:
            self.simulator.call("PCM_OP_TRANS_ABORT", {"POID": HANDLE, "TRANS_ID": name})
        return False
