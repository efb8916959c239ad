"""The queue against a model: any order of puts, claims, lapses, outcomes and resubmissions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete

from gateway.errors import Kind
from gateway.messaging.queues import Claim, Draft, Reason, State
from gateway.store.tables import message
from gateway.store.unit_of_work import SqlDatabase
from tests.doubles.clock import FakeClock

Q = "Q"
LEASE = timedelta(seconds=30)
WHY = Reason("X", "x", Kind.SYSTEM)
GROUPS = st.sampled_from(["a", "b", None])
OUTCOMES = st.sampled_from([State.DONE, State.ERROR, State.HELD, State.WAITING])


@dataclass
class Modelled:
    """What the model knows of a message."""

    intake: int
    group: str | None
    due: datetime
    state: State = State.WAITING
    attempt: int = 0
    tries: int = 0
    lease: datetime | None = None


class QueueMachine(RuleBasedStateMachine):
    """Rules are what workers and operators do; the model says what must come of it."""

    def __init__(self, database: SqlDatabase) -> None:
        super().__init__()
        self.database = database
        self.clock = FakeClock()
        self.model: list[Modelled] = []
        self.claims: list[Claim] = []
        with database._writing.begin() as connection:
            connection.execute(delete(message))

    @rule(group=GROUPS)
    def put(self, group: str | None) -> None:
        with self.database.begin() as work:
            [intake] = work.messages.put([Draft(Q, b"x", group)], self.clock.now())
            work.commit()
        assert all(intake > other.intake for other in self.model)
        self.model.append(Modelled(intake, group, self.clock.now()))

    @rule()
    def claim(self) -> None:
        now = self.clock.now()
        expected = next((each for each in self.model if self._takeable(each)), None)
        with self.database.begin() as work:
            claim = work.messages.claim(Q, "w", now, now + LEASE)
            work.commit()
        assert (None if claim is None else claim.intake) == (None if expected is None else expected.intake)
        if claim is not None and expected is not None:
            expected.state, expected.lease = State.CLAIMED, now + LEASE
            expected.attempt += 1
            expected.tries += 1
            assert (claim.attempt, claim.tries) == (expected.attempt, expected.tries)
            self.claims.append(claim)

    @rule(seconds=st.sampled_from([1, 20, 31, 300]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        until = self.clock.now() + LEASE
        with self.database.begin() as work:
            work.messages.renew([(claim.intake, claim.attempt)], until)
            work.commit()
        if self._current(claim):
            self._of(claim).lease = until

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), outcome=OUTCOMES, delay=st.sampled_from([0, 5, 60]))
    def end(self, data: st.DataObject, outcome: State, delay: int) -> None:
        """End an attempt, current or long lost: only a current one may."""
        claim = data.draw(st.sampled_from(self.claims))
        due = self.clock.now() + timedelta(seconds=delay) if outcome is State.WAITING else None
        with self.database.begin() as work:
            moved = work.messages.settle(
                claim.intake, claim.attempt, outcome, now=self.clock.now(), reason=WHY, available_at=due
            )
            work.commit()
        assert moved == self._current(claim)
        if moved:
            held = self._of(claim)
            held.state, held.lease, held.due = outcome, None, due or held.due

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def hand_back(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        with self.database.begin() as work:
            moved = work.messages.hand_back(claim, self.clock.now())
            work.commit()
        assert moved == self._current(claim)
        if moved:
            held = self._of(claim)
            held.state, held.lease, held.due = State.WAITING, None, self.clock.now()
            held.tries -= 1

    @precondition(lambda self: self.model)
    @rule(data=st.data(), keep=st.booleans())
    def operate_on_error(self, data: st.DataObject, *, keep: bool) -> None:
        """Resubmit or discard: possible from the error state only."""
        held = data.draw(st.sampled_from(self.model))
        now = self.clock.now()
        with self.database.begin() as work:
            if keep:
                moved = work.messages.resubmit(held.intake, now, None, None)
            else:
                moved = work.messages.discard(held.intake, now)
            work.commit()
        assert moved == (held.state is State.ERROR)
        if moved:
            held.state = State.WAITING if keep else State.DISCARDED
            if keep:
                held.tries, held.due = 0, now

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def an_operator_ends_a_hold(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.model))
        with self.database.begin() as work:
            moved = work.messages.move(held.intake, (State.HELD,), State.WAITING, now=self.clock.now())
            work.commit()
        assert moved == (held.state is State.HELD)
        if moved:
            held.state, held.due = State.WAITING, self.clock.now()

    @invariant()
    def every_message_is_where_the_model_says(self) -> None:
        with self.database.read() as work:
            found = work.messages.find(Q, tuple(State), limit=10_000, order=None)
        assert [(each.intake, each.state, each.attempt, each.tries, each.lease_until) for each in found] == [
            (each.intake, each.state, each.attempt, each.tries, each.lease) for each in self.model
        ]

    @invariant()
    def of_a_group_one_is_claimed(self) -> None:
        claimed = [each.group for each in self.model if each.state is State.CLAIMED and each.group is not None]
        assert len(claimed) == len(set(claimed))

    def _takeable(self, wanted: Modelled) -> bool:
        now = self.clock.now()
        if wanted.state is State.CLAIMED:
            return wanted.lease is not None and wanted.lease < now
        if wanted.state is not State.WAITING or wanted.due > now:
            return False
        others = [other for other in self.model if other.group == wanted.group and other is not wanted]
        return wanted.group is None or not any(
            other.state in (State.CLAIMED, State.HELD)
            or (other.state is State.WAITING and other.intake < wanted.intake)
            for other in others
        )

    def _of(self, claim: Claim) -> Modelled:
        return next(each for each in self.model if each.intake == claim.intake)

    def _current(self, claim: Claim) -> bool:
        held = self._of(claim)
        return held.state is State.CLAIMED and held.attempt == claim.attempt


def test_the_queue_does_what_the_model_says(database: SqlDatabase) -> None:
    class OnThisDatabase(QueueMachine):
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
