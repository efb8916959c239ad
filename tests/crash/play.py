"""One case played: an order on a gateway of its own, for a customer of its own; kills, recovery, and what remains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.crash.brm import Account
from tests.crash.invariants import NOTHING, Expected, hold
from tests.crash.orders import initiate
from tests.crash.processes import until
from tests.crash.scenes import Case
from tests.crash.site import Site


@dataclass
class Play:
    """A case on a gateway of its own, with a customer of its own."""

    site: Site
    account: Account
    case: Case
    billed: Counter[tuple[str, str]]
    intake: int = 0

    def one_after_the_other(self) -> None:
        """Start a worker, kill it, start the next when what the dead one held is free."""
        with self.told():
            for point in self.case.kills:
                self.kill_at(point)
                if self.case.scene.forgotten:
                    self._forget()
            self.site.work()
            self.finish()

    def in_company(self) -> None:
        """Keep another worker alive all along, beside the one that is killed."""
        with self.told():
            self.site.work()
            for point in self.case.kills:
                self.site.arm(point)
                self.site.work()
                self.site.kill_at(point)
            self.finish()

    def taken_for_dead(self) -> None:
        """Freeze a worker until another has done its work; then let it go on, and have it do the next order."""
        with self.told():
            self.site.arm(self.case.point)
            self.site.work()
            sleeper = self.site.stops_at(self.case.point)
            self.site.freeze(sleeper)
            until(self.site.leases_over, "the leases of the frozen are over")
            other = self.site.work()
            self.site.rest()
            self.site.kill(other)
            self.site.release(self.case.point)
            sleeper.thaw()
            then = self.site.brm.customer()
            self.site.knows(then)
            self.site.put(initiate(then))
            self.finish()
            hold(self.site, Expected(then, ["done"], self.billed))

    def mended(self) -> None:
        """BRM takes the order by now; an operator resubmits it."""
        with self.told():
            self.site.resubmit(self.intake)
            self.site.work()
            self.site.rest()
            self._check(["done"], self.billed, outcomes=2)

    def order(self) -> None:
        self.site.knows(self.account)
        self.intake = self.site.put(initiate(self.account))

    def kill_at(self, point: str) -> None:
        """Start a worker, kill it at a point, and wait until nobody holds what it held."""
        self.site.arm(point)
        self.site.work()
        self.site.kill_at(point)
        until(self.site.leases_over, "the leases of the dead are over")

    def _forget(self) -> None:
        for decision in self.site.rows("select transaction_id from decision"):
            self.site.brm.forget(decision.transaction_id)

    def finish(self) -> None:
        self.site.rest()
        if self.case.scene.refused:
            self._check(["error"], NOTHING, outcomes=1)
        else:
            self._check(["done"], self.billed, outcomes=1)

    def _check(self, states: Sequence[str], effect: Counter[tuple[str, str]], *, outcomes: int) -> None:
        self.site.stop()
        hold(self.site, Expected(self.account, states, effect, {self.intake: outcomes}))

    @contextmanager
    def told(self, what: str = "") -> Iterator[None]:
        """Say which case went wrong, and where its logs are."""
        try:
            yield
        except BaseException as error:
            error.add_note(f"{self.case}; {what}; {self.site.directory}")
            raise
