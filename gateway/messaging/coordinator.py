"""The coordinator: one order = one BRM transaction + one local transaction, both or neither (COMMIT.md).

Whoever reads this beside COMMIT.md finds its numbered steps in ``_forward``. No SQL, no XML, no SOAP here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from gateway.domain.brm import Flist
from gateway.domain.poid import poid_order
from gateway.domain.xref import XrefTable
from gateway.errors import (
    Conflict,
    GatewayError,
    Heuristic,
    InDoubt,
    InProgress,
    Superseded,
    SystemFailure,
    Unavailable,
    UnknownReference,
)
from gateway.messaging.attempt import Attempt, CommittedLines, CommittedXref, Ending, TransactionOpcodes
from gateway.messaging.failure import BY_HAND, FailurePath, committed_by_hand
from gateway.messaging.forcing import Forcing
from gateway.messaging.leases import Leases
from gateway.messaging.ledger import Known
from gateway.messaging.local_commit import LocalCommits
from gateway.messaging.one_phase import OnePhase
from gateway.messaging.ports import Clock, Database, Pause
from gateway.messaging.queues import DIRECT, Claim, Reason
from gateway.messaging.recovery import Recovery
from gateway.messaging.retry import RetryPolicy
from gateway.messaging.second_phase import SecondPhase
from gateway.messaging.steps import BY_WORKER, Step, Steps
from gateway.messaging.story import StoryBook
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.unit import Effects, Service, Unit
from gateway.messaging.xa import LOCK, Brm, Mode, Settled, Vote
from soapkit.correlation import sane
from soapkit.observe import tracing

_log = structlog.get_logger(__name__)
_POLL = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Coordinator:
    """Runs attempts: at messages a worker has claimed, and at SOAP requests. One for a process, shared by threads."""

    database: Database
    brms: Mapping[str, Brm]
    clock: Clock
    pause: Pause
    leases: Leases
    steps: Steps
    local: LocalCommits
    one_phase: OnePhase
    second_phase: SecondPhase
    recovery: Recovery
    failure: FailurePath
    forcing: Forcing
    patience: timedelta = timedelta(seconds=10)
    """How long a SOAP request waits for its twin that is being worked on."""

    # ---- two ways in

    def process(self, claim: Claim, service: Service, retry: RetryPolicy) -> Ending:
        """Attempt a claimed message. Whatever is wrong with the message is recorded, not raised."""
        spanned = tracing.consuming(claim.queue, claim.intake, claim.trace)
        with spanned, bound_contextvars(intake=claim.intake, correlation_id=f"{claim.queue}-{claim.intake}"):
            return self._processed(self._begin(claim, service), retry)

    def _processed(self, attempt: Attempt, retry: RetryPolicy) -> Ending:
        with self.leases.holding(attempt.claim):
            try:
                return self._attempted(attempt, retry)
            except Superseded:
                return self._abandon(attempt)
            except InDoubt as error:
                return self._leave_to_recovery(attempt, error)
            except Exception as error:  # noqa: BLE001 - a message that breaks its service must not break the queue
                if attempt.beyond_return:
                    return self._leave_to_recovery(attempt, error)
                return self.failure.fail(attempt, error, retry)

    def _attempted(self, attempt: Attempt, retry: RetryPolicy) -> Ending:
        ending = self.one_phase.settle_earlier(attempt)
        if ending is not None:
            return ending
        _check_tries(attempt.claim, retry)
        known = isinstance(self._forward(attempt), Known)
        if not self._phase_two(attempt):
            return Ending.ERROR
        return Ending.DUPLICATE if known else Ending.DONE

    def run_request(self, service: Service, body: bytes) -> bytes:
        """Answer a SOAP request: the result, or the error that its fault words; recorded either way.

        Raises InDoubt and InProgress, which are worth asking again with the same EBMID, and whatever went wrong.
        """
        with self.steps.at(Step.CLAIM), self.database.begin() as work:
            claim = work.messages.admit(body, self.leases.owner, self.clock.now(), self.leases.until())
            work.commit()
        attempt = self._begin(claim, service)
        with self.leases.holding(claim):
            try:
                result = self._forward(attempt)
                kept = self._phase_two(attempt)
            except InDoubt as error:
                self._leave_to_recovery(attempt, error)
                raise
            except Superseded as error:
                self._abandon(attempt)
                raise Unavailable("the request was taken from its worker; ask again") from error
            except Exception as error:
                if attempt.beyond_return:
                    self._leave_to_recovery(attempt, error)
                    raise InDoubt("the order is decided, but not confirmed yet; ask again") from error
                self.failure.fail(attempt, error, None)
                raise
        if not kept:
            raise Heuristic("an operator rolled the order back in BRM by hand")
        return result.result

    # ---- COMMIT.md, forward path

    def _forward(self, attempt: Attempt) -> Known | Effects:
        """Go from step 2 to step 5; step 1 was the claim, step 6 is ``_phase_two``."""
        plan = attempt.plan = attempt.service.plan(attempt.claim.payload)
        if attempt.claim.queue != DIRECT and (named := sane(plan.key.ebm_id)):  # a request has the id it came with
            bind_contextvars(correlation_id=named)
        known = self._reserve(attempt)
        if known is not None:
            return known
        self._name(attempt, plan.brm)
        self.recovery.ready(plan.brm)
        self._abort_previous(attempt)
        self._open(attempt)
        self._lock(attempt)  # only then may anything read XREF: whoever held the lock has committed his rows by now
        finished, calls = self._work(attempt)
        if calls == 0:
            self._local_only(attempt, finished)
        elif attempt.target()[0].mode is Mode.XA:
            self._two_phase(attempt, finished)
        else:
            self.one_phase.commit(attempt, finished)
        return finished

    def _reserve(self, attempt: Attempt) -> Known | None:
        """Enter the ledger of duplicates; a SOAP caller waits a while for a twin, a queued message is retried."""
        patience = self.patience if attempt.claim.queue == DIRECT else timedelta()
        deadline = self.clock.now() + patience
        while True:
            try:
                return self.local.reserve(attempt)
            except (InProgress, Conflict):
                if self.clock.now() >= deadline or self.pause.pause(_POLL):
                    raise

    def _name(self, attempt: Attempt, name: str) -> None:
        brm = self.brms.get(name)
        if brm is None:
            raise UnknownReference(f"there is no BRM called {name}", element="EBMHeader/Target/ID")
        claim = attempt.claim
        attempt.brm = brm
        attempt.transaction = TransactionId(self.database.gateway_id, claim.intake, claim.attempt, name)

    def _abort_previous(self, attempt: Attempt) -> None:
        """Attempt n + 1 first aborts n, and all before it: none can commit any more, the claim moved the fence."""
        brm, mine = attempt.target()
        for number in range(1, mine.attempt):
            earlier = TransactionId(mine.gateway, mine.intake, number, mine.brm)
            with self.steps.at(Step.ABORT_PREVIOUS):
                if brm.abort(str(earlier)) in BY_HAND:
                    attempt.settled_by_hand += (earlier,)
        if attempt.settled_by_hand:
            raise committed_by_hand(attempt)

    def _open(self, attempt: Attempt) -> None:
        brm, transaction = attempt.target()
        attempt.story.tell("open", str(transaction))
        attempt.opened = True  # before the call: an open whose answer is lost is open
        with self.steps.at(Step.OPEN):
            brm.open(str(transaction))

    def _lock(self, attempt: Attempt) -> None:
        """Lock every account the order touches, in one order for all gateways; BRM bounds the wait."""
        brm, transaction = attempt.target()
        accounts = CommittedXref(self.database)
        wanted = attempt.planned().accounts
        with self.steps.at(Step.LOCK):
            poids = accounts.values(XrefTable.CUSTOMERPARTY_ACCOUNTID, wanted, brm.name)
            for poid in sorted(set(poids.values()), key=poid_order):
                question: Flist = {"POID": poid, "ACCOUNT_NO": None, "CURRENCY": None}
                attempt.accounts[poid] = brm.call(str(transaction), "PCM_OP_READ_FLDS", question, LOCK)
            if accounts.values(XrefTable.CUSTOMERPARTY_ACCOUNTID, wanted, brm.name) != poids:
                raise Unavailable("an account changed its BRM object while it was being locked")
        attempt.story.tell("lock", ", ".join(sorted(poids.values(), key=poid_order)))

    def _work(self, attempt: Attempt) -> tuple[Effects, int]:
        brm, transaction = attempt.target()
        opcodes = TransactionOpcodes(brm, str(transaction), attempt.story)
        xref, lines = CommittedXref(self.database), CommittedLines(self.database)
        unit = Unit(brm.name, opcodes, xref, lines, attempt.story, attempt.accounts)
        with self.steps.at(Step.WORK):
            finished = attempt.service.work(attempt.planned(), unit)
            opcodes.check()
        return finished, opcodes.calls

    def _local_only(self, attempt: Attempt, finished: Effects) -> None:
        """No opcode was called: nothing to prepare. The accounts stay locked until the local commit is there."""
        self.local.decide(attempt, finished, two_phase=False)
        self.failure.abort(attempt)

    def _two_phase(self, attempt: Attempt, finished: Effects) -> None:
        brm, transaction = attempt.target()
        with self.steps.at(Step.PREPARE):
            vote = brm.prepare(str(transaction))
        attempt.story.tell("prepare", vote)
        try:
            self.local.decide(attempt, finished, two_phase=vote is Vote.READY)
        except InDoubt:
            if vote is Vote.READ_ONLY or not self._arbitrate(attempt):
                raise

    def _arbitrate(self, attempt: Attempt) -> bool:
        """Learn what became of step 5 after the connection was lost: True means the decision is there."""
        try:
            if self.local.arbitrate(attempt):
                return True
        except Superseded:
            raise
        except SystemFailure as error:
            # Until somebody can read the decision the BRM transaction stays prepared, and recovery asks again.
            raise InDoubt("the gateway's database is away; the order is neither done nor undone") from error
        raise Unavailable("the gateway's database lost the order's commit")

    def _phase_two(self, attempt: Attempt) -> bool:
        """Go through step 6. What does not work now, recovery does later: nothing fails the order any more.

        False when an operator rolled it back in BRM meanwhile: everything is taken back here, then.
        """
        if not attempt.decided:
            return True
        brm, transaction = attempt.target()
        settled = self.second_phase.complete(brm, str(transaction), BY_WORKER)
        if settled is None:
            raise InDoubt("decided, but BRM does not know the transaction: an operator has been alarmed")
        return settled is not Settled.HEURISTICALLY_ABORTED

    # ---- other endings

    def _abandon(self, attempt: Attempt) -> Ending:
        """Superseded: free what BRM may still hold for this attempt, and leave no trace here."""
        if not attempt.beyond_return:
            self.failure.abort(attempt)
        return Ending.SUPERSEDED

    def _leave_to_recovery(self, attempt: Attempt, error: Exception) -> Ending:
        """In doubt, or beyond the point of no return, the failure path is closed, whatever went wrong."""
        self.failure.disconnected(attempt, error)
        trace = None if isinstance(error, GatewayError) else error  # what a program's fault needs, an outage does not
        told = {"intake": attempt.claim.intake, "attempt": attempt.claim.attempt, "error": Reason.of(error).text}
        _log.warning("left to recovery", **told, exc_info=trace)
        if not attempt.decided:
            return Ending.PENDING
        try:
            self.local.hand_over(attempt, error)
        except GatewayError as trouble:  # then the decision's lease lapses by itself
            _log.warning("not handed over", intake=attempt.claim.intake, error=trouble.text)
        return Ending.PENDING

    def _begin(self, claim: Claim, service: Service) -> Attempt:
        return Attempt(claim, service, StoryBook(self.clock, claim.attempt))


def _check_tries(claim: Claim, retry: RetryPolicy) -> None:
    """Give up on a message that kills its worker every time; it would be taken for ever otherwise."""
    if retry.exhausted(claim.tries):
        raise SystemFailure("every try ended without an outcome", code="O2C_WORKER_LOST")
