"""WS-Addressing: the partners whose addresses may get answers, and how those are delivered."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from gateway.config.section import Count, Seconds, Section, SystemId
from soapkit.addressing import endpoint


def _endpoint_address(value: str) -> str:
    if endpoint(value) is None:
        raise ValueError("must be an http:// or https:// address, without user and fragment")
    return value


class PartnerSettings(Section):
    """One partner, named by its system id."""

    address: Annotated[str, AfterValidator(_endpoint_address)]
    """Where its answers go: a ReplyTo or FaultTo must be this address (scheme, host, port, path, query)."""


class AddressingSettings(Section):
    """Answers to addresses other than the connection itself; none is ever connected to that is not listed here."""

    partners: dict[SystemId, PartnerSettings] = Field(default_factory=dict)
    """Who may be answered at an address of their own: ``[addressing.partners.OSMCFS_01]`` with ``address``."""
    threads: Count = 2
    """Answers worked on at the same time by one worker process."""
    retry_attempts: Count = 10
    """Attempts to deliver an answer, the first included, before it is given up with an alarm; to run a request that
    failed for no fault of its own likewise, before its caller gets the fault."""
    backoff_initial_seconds: Seconds = 2
    """Wait before the second attempt."""
    backoff_factor: Annotated[float, Field(ge=1)] = 3
    """Each further wait is this many times the one before."""
    backoff_maximum_seconds: Seconds = 900
    """No wait is longer than this."""
    connect_timeout_seconds: Seconds = 5
    """Wait for a connection to a partner."""
    read_timeout_seconds: Seconds = 30
    """Wait for a partner to say that it has the answer; passing it, the answer is sent again, with the same
    MessageID."""

    @model_validator(mode="after")
    def _addresses_tell_partners_apart(self) -> Self:
        if len({endpoint(partner.address) for partner in self.partners.values()}) < len(self.partners):
            raise ValueError("two partners have the same address")
        return self
