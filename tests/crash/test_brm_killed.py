"""Gateway and BRM lose each other in the middle of a call, in each call of the protocol; the same invariants hold.

Either BRM is killed and comes back on its database, or its answer is lost, or the caller is killed and the call takes
effect when others have long done the caller's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pytest

from brm_sim import transactions
from tests.crash.brm import Brm
from tests.crash.conftest import Effect, NewBrm, NewSite
from tests.crash.orders import initiate
from tests.crash.play import Play
from tests.crash.processes import together, until
from tests.crash.scenes import Case, Scene
from tests.crash.site import LOCAL, XA


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the protocol: ``first_kill`` is where a worker dies first, for this call to become necessary."""

    opcode: str
    mode: str = XA
    first_kill: str = ""

    @property
    def case(self) -> Case:
        return Case(self.mode, self.first_kill, Scene())

    def __str__(self) -> str:
        return f"{self.mode}-{self.opcode.removeprefix('PCM_OP_').lower()}"


class Failure(StrEnum):
    """What happens while BRM has the call."""

    BRM_KILLED = "BRM killed"
    ANSWER_LOST = "answer lost"
    CALLER_KILLED = "caller killed, and done late,"


FAILURES = (
    (Failure.BRM_KILLED, "before"),
    (Failure.BRM_KILLED, "after"),
    (Failure.ANSWER_LOST, "before"),
    (Failure.ANSWER_LOST, "after"),
    (Failure.CALLER_KILLED, "before"),
)

CALLS = (
    Call("PCM_OP_TRANS_OPEN"),
    Call("PCM_OP_READ_FLDS"),
    Call("PCM_OP_CUST_MODIFY_CUSTOMER"),
    Call("PCM_OP_SUBSCRIPTION_PURCHASE_DEAL"),
    Call("PCM_OP_TRANS_PREPARE"),
    Call("PCM_OP_TRANS_COMMIT"),
    Call("PCM_OP_TRANS_FORGET"),
    Call("PCM_OP_TRANS_ABORT", first_kill="work.after"),
    Call("PCM_OP_TRANS_RECOVER", first_kill="prepare.after"),
    Call("PCM_OP_TRANS_COMMIT", LOCAL),
    Call("PCM_OP_TRANS_ABORT", LOCAL, first_kill="intend.after"),
    Call("PCM_OP_SEARCH", LOCAL, first_kill="intend.after"),
)


def test_every_opcode_that_an_order_needs_has_its_kill(new_site: NewSite, brm: Brm) -> None:
    account, before = brm.customer(), brm.last_call()
    site = new_site(brm)
    site.knows(account)
    site.put(initiate(account))
    site.work()
    site.rest()
    site.stop()

    assert brm.called_since(before) | set(transactions.OPCODES) <= {call.opcode for call in CALLS}


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_an_order_is_billed_once_although_a_call_is_cut_off(
    new_site: NewSite, new_brm: NewBrm, billed: Effect, call: Call
) -> None:
    plays = [
        Failing(brm, Play(new_site(brm, mode=call.mode), brm.customer(), call.case, billed), call, failure, at)
        for failure, at in FAILURES
        for brm in (new_brm(),)
    ]
    together(*(each.run for each in plays))


@dataclass(frozen=True, slots=True)
class Failing:
    """One failure, with a simulator of its own."""

    brm: Brm
    play: Play
    call: Call
    failure: Failure
    at: str

    def run(self) -> None:
        with self.play.told(f"{self.failure} {self.at} the effect"):
            self.play.order()
            for point in self.call.case.kills:
                self.play.kill_at(point)
            self.brm.fault(self.call.opcode, "drop" if self.failure is Failure.ANSWER_LOST else "block", self.at)
            self.play.site.work()
            self._fail()
            self.play.finish()

    def _fail(self) -> None:
        if self.failure is Failure.ANSWER_LOST:
            until(self.brm.struck, f"an answer to {self.call.opcode} is dropped")
            return
        until(self.brm.at_a_barrier, f"{self.call.opcode} is at its barrier")
        if self.failure is Failure.BRM_KILLED:
            self.brm.kill()
            self.brm.start()
        else:
            self._takes_effect_late()

    def _takes_effect_late(self) -> None:
        site = self.play.site
        site.stop()
        site.work()
        site.rest()
        site.stop()
        before = self.brm.last_call()
        self.brm.behave()
        until(lambda: self.call.opcode in self.brm.called_since(before), f"{self.call.opcode} is done")
