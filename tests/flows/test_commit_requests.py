"""SOAP requests whose process died: closed by recovery, those of no BRM without any BRM."""

from __future__ import annotations

from datetime import timedelta

from gateway.errors import Disconnected
from gateway.messaging.queues import Claim, State
from tests.doubles.brm import Fault
from tests.flows.gateway import LEASE, Gateway


def admitted(gateway: Gateway, brm: str) -> Claim:
    """Let a request come in for a process that dies at once."""
    now = gateway.clock.now()
    with gateway.database.begin() as work:
        claim = work.messages.admit(b"<request/>", "dying", now, now + LEASE)
        assert work.messages.describe(claim, order="", account="1-ABC", brm=brm, now=now)
        work.commit()
    return claim


def test_only_requests_of_no_brm_are_closed_while_the_brm_is_away(gateway: Gateway) -> None:
    of_none, of_brm = admitted(gateway, ""), admitted(gateway, "BRM_01")
    gateway.brm.faults.append(Fault("recover", Disconnected("away")))
    gateway.clock.advance(LEASE + timedelta(seconds=1))
    gateway.recover()
    assert [gateway.message(each.intake).state for each in (of_none, of_brm)] == [State.DONE, State.CLAIMED]
    gateway.recover()
    assert gateway.message(of_brm.intake).state is State.DONE


def test_a_request_that_is_being_worked_on_is_left_alone(gateway: Gateway) -> None:
    claim = admitted(gateway, "")
    gateway.recover()
    assert gateway.message(claim.intake).state is State.CLAIMED
