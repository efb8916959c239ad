"""A gateway process is killed at each point of the code's own list; others go on; then COMMIT.md's invariants hold."""

from __future__ import annotations

import pytest

from gateway.messaging.steps import POINTS, Step
from tests.crash.brm import Account, Brm
from tests.crash.conftest import Effect, NewSite
from tests.crash.invariants import NOTHING, Expected, hold
from tests.crash.orders import initiate
from tests.crash.processes import until
from tests.crash.scenes import CASES, SCENES, UNREACHABLE, Case
from tests.crash.site import LOCAL, XA, Site


def test_every_point_of_the_list_has_a_kill() -> None:
    assert {case.point for case in CASES} == set(POINTS)


def test_every_step_of_each_mode_is_killed_or_has_a_reason_why_not() -> None:
    assert set(SCENES) | set(UNREACHABLE) == {(mode, step) for mode in (XA, LOCAL) for step in Step}
    assert set(SCENES) & set(UNREACHABLE) == set()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_order_is_billed_once_although_a_worker_is_killed(
    new_site: NewSite, account: Account, billed: Effect, case: Case
) -> None:
    site = new_site(mode=case.mode)
    intake = ordered(site, account, case)
    if case.scene.first_kill:
        site.arm(case.scene.first_kill)
        site.work()
        site.kill_at(case.scene.first_kill)
        until(site.leases_over, "the leases of the dead are over")
    site.arm(case.point)
    site.work()
    site.kill_at(case.point)
    site.work()
    finished(site, account, billed, intake, case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_order_is_billed_once_although_one_of_two_workers_is_killed(
    new_site: NewSite, account: Account, billed: Effect, case: Case
) -> None:
    site = new_site(mode=case.mode)
    intake = ordered(site, account, case)
    site.arm(case.scene.first_kill or case.point)
    site.work()
    site.work()
    if case.scene.first_kill:
        until(lambda: site.stopped_at(case.scene.first_kill), f"a worker stops at {case.scene.first_kill}")
        site.work()
        site.arm(case.point)
        site.kill_at(case.scene.first_kill)
    site.kill_at(case.point)
    finished(site, account, billed, intake, case)


def ordered(site: Site, account: Account, case: Case) -> int:
    site.knows(account)
    if case.scene.refused:
        refuse(site.brm)
    return site.put(initiate(account))


def refuse(brm: Brm) -> None:
    brm.fault("PCM_OP_SUBSCRIPTION_PURCHASE_DEAL", "error", count=None, error={"errno": "PIN_ERR_BAD_VALUE"})


def finished(site: Site, account: Account, billed: Effect, intake: int, case: Case) -> None:
    """Wait for the outcome and check it; a refused order is mended and tried again, and ends well."""
    site.rest()
    outcomes = 1
    if case.scene.refused:
        hold(stopped(site), Expected(account, ["error"], NOTHING))
        site.brm.behave()
        site.resubmit(intake)
        site.work()
        site.rest()
        outcomes = 2
    hold(stopped(site), Expected(account, ["done"], billed, {intake: outcomes}))


def stopped(site: Site) -> Site:
    site.stop()
    return site
