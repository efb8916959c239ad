"""RECOVER's list is old when it arrives: what it names may be over."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.messaging.attempt import Ending
from gateway.messaging.xa import Recovered, Standing
from tests.doubles.brm import MemoryBrm
from tests.doubles.orders import order
from tests.flows.gateway import Gateway


class ListedAt:
    """A barrier that asks BRM for its list of prepared transactions at a point."""

    def __init__(self, point: str, brm: MemoryBrm) -> None:
        self.point = point
        self.brm = brm
        self.listed: Sequence[Recovered] = ()

    def reached(self, point: str) -> None:
        if point == self.point:
            self.listed = self.brm.recover()


def test_a_transaction_that_was_finished_while_the_list_of_it_was_on_its_way_is_left_alone(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = gateway.put(order("1-1", "a", reply=True))
    asked = ListedAt("prepare.after", gateway.brm)
    assert Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=asked).drain() == [Ending.DONE]
    story = gateway.story(intake)
    assert [row.standing for row in asked.listed] == [Standing.PREPARED]

    monkeypatch.setattr(gateway.brm, "recover", lambda: asked.listed)
    gateway.recover()

    assert "abort" not in gateway.brm.calls
    assert (gateway.decisions(), gateway.story(intake)) == (0, story)
