"""A gateway process is killed at each point of the code's own list; others go on; then COMMIT.md's invariants hold.

Each case is played twice: with one worker at a time, the next started when one is dead; and with another one alive all
along, so that there is recovery beside workers that live.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from gateway.messaging.steps import POINTS, Step
from tests.crash.brm import Brm
from tests.crash.conftest import Effect, NewSite
from tests.crash.play import Play
from tests.crash.processes import together
from tests.crash.scenes import CASES, SCENES, UNREACHABLE, Scene
from tests.crash.site import LOCAL, XA
from tests.postgres import Postgres

ON_POSTGRESQL = ("prepare.after", "decide.before", "decide.after", "recovery-decide.after", "recovery-commit.after")


def test_every_point_of_the_list_has_a_kill() -> None:
    assert {case.point for case in CASES} == set(POINTS)


def test_every_step_of_each_mode_is_killed_or_has_a_reason_why_not() -> None:
    assert set(SCENES) | set(UNREACHABLE) == {(mode, step) for mode in (XA, LOCAL) for step in Step}
    assert set(SCENES) & set(UNREACHABLE) == set()


@pytest.mark.parametrize(("mode", "step"), SCENES, ids=str)
def test_an_order_is_billed_once_although_workers_are_killed_at(
    new_site: NewSite, brm: Brm, billed: Effect, mode: str, step: Step
) -> None:
    cases = [case for case in CASES if (case.mode, case.step) == (mode, step)]
    own = mode == XA or (XA, step) in UNREACHABLE  # the rest is the same in both modes
    accompanied = [case for case in cases if own and not case.scene.forgotten]
    alone, in_company = (
        [Play(new_site(brm, mode=mode), brm.customer(), case, billed) for case in chosen]
        for chosen in (cases, accompanied)
    )
    refused = cases[0].scene.refused
    if refused:
        brm.fault("PCM_OP_SUBSCRIPTION_PURCHASE_DEAL", "error", count=None, error={"errno": "PIN_ERR_BAD_VALUE"})
    for each in (*alone, *in_company):
        each.order()
    together(*(each.one_after_the_other for each in alone), *(each.in_company for each in in_company))
    if refused:
        brm.behave()
        together(*(each.mended for each in (*alone, *in_company)))


@pytest.mark.parametrize("mode", [XA, LOCAL])
def test_a_worker_taken_for_dead_goes_on_and_leaves_no_trace(
    new_site: NewSite, brm: Brm, billed: Effect, mode: str
) -> None:
    cases = [case for case in CASES if case.mode == mode and case.scene == Scene() and case.point.endswith(".after")]
    plays = [Play(new_site(brm, mode=mode), brm.customer(), case, billed) for case in cases]
    for each in plays:
        each.order()
    together(*(each.taken_for_dead for each in plays))


def test_an_order_is_billed_once_although_workers_on_postgresql_are_killed(
    new_site: NewSite, brm: Brm, billed: Effect, postgres: Postgres
) -> None:
    cases = [case for case in CASES if case.mode == XA and case.point in ON_POSTGRESQL]
    with ExitStack() as databases:
        urls = [databases.enter_context(postgres.database()) for _ in cases]
        sites = [databases.enter_context(new_site(brm, url=url)) for url in urls]
        plays = [Play(site, brm.customer(), case, billed) for site, case in zip(sites, cases, strict=True)]
        for each in plays:
            each.order()
        together(*(each.in_company for each in plays))
