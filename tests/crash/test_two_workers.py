"""Two workers share accounts, one of them is killed again and again, wherever the dice fall; every order is done once.

The dice are seeded: which points are deadly is the same in every run, though not which worker comes there first.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from gateway.messaging.steps import POINTS
from tests.crash.brm import Account, Brm
from tests.crash.conftest import NewSite
from tests.crash.invariants import Expected, hold
from tests.crash.orders import fulfil, initiate
from tests.crash.processes import together, until
from tests.crash.scenes import UNREACHABLE
from tests.crash.site import XA, Site

ACCOUNTS, ORDERS_EACH, KILLS = 2, 2, 8
REACHABLE = [point for point in POINTS if (XA, point.rpartition(".")[0]) not in UNREACHABLE]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_orders_of_shared_accounts_are_billed_once_while_one_worker_after_the_other_is_killed(
    new_site: NewSite, brm: Brm, seed: int
) -> None:
    quiet, deadly = Crowd(new_site(brm, threads=2), brm), Crowd(new_site(brm, threads=2), brm)
    points = random.Random(seed).sample(REACHABLE, KILLS)  # noqa: S311 - a test's dice
    together(quiet.undisturbed, lambda: deadly.killed_at(points))
    effects = [brm.effect(account) for account in quiet.accounts]
    for crowd in (quiet, deadly):
        crowd.check(effects)


@dataclass
class Crowd:
    """A gateway with two workers, two threads each, and orders for two customers: each initiated, then fulfilled."""

    site: Site
    brm: Brm
    accounts: list[Account] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts += [self.brm.customer() for _ in range(ACCOUNTS)]
        self.site.knows(*self.accounts)
        for number in range(ORDERS_EACH):
            for message in (initiate, fulfil):
                for account in self.accounts:
                    self.site.put(message(account, number))

    def undisturbed(self) -> None:
        self._two_workers()
        self.site.rest()
        self.site.stop()

    def killed_at(self, points: list[str]) -> None:
        self.site.arm(*points)
        self._two_workers()
        while self._one_dies(points):
            self.site.work()
        self.site.stop()

    def check(self, effects: list[Counter[tuple[str, str]]]) -> None:
        states = ["done"] * (2 * ORDERS_EACH)
        hold(self.site, *(Expected(*each) for each in zip(self.accounts, [states] * ACCOUNTS, effects, strict=True)))

    def _two_workers(self) -> None:
        self.site.work()
        self.site.work()

    def _one_dies(self, points: list[str]) -> bool:
        """Kill whoever stops at one of the points; False when all is done instead."""
        until(lambda: self.site.stopped_at(*points) or self.site.at_rest(), "a worker stops, or all is done")
        victim = self.site.stopped_at(*points)
        if victim is not None:
            self.site.kill(victim)
        return victim is not None
