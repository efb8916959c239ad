"""When to try again: a policy is a value that answers a decision. It does not wait, and knows no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gateway.errors import Disposition, GatewayError


@dataclass(frozen=True, slots=True)
class RetryIn:
    """Try again, not before this long from now."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class GiveUp:
    """To the error queue."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``attempts`` tries in all; between them ``first``, then ``factor`` times as long each, up to ``longest``."""

    attempts: int = 5
    first: timedelta = timedelta(seconds=2)
    factor: float = 2.0
    longest: timedelta = timedelta(minutes=5)

    def decide(self, tries: int, error: Exception) -> RetryIn | GiveUp:
        """Answer what follows try number ``tries`` (from 1) that ended in ``error``.

        An exception that is not a GatewayError is a fault of the program: worth trying again, like any system failure.
        """
        final = isinstance(error, GatewayError) and error.disposition is not Disposition.RETRY
        if final or tries >= self.attempts:
            return GiveUp()
        return RetryIn(self.delay(tries))

    def exhausted(self, tries: int) -> bool:
        """Tell whether try number ``tries`` is one too many: the tries before it died without an outcome."""
        return tries > self.attempts

    def delay(self, tries: int) -> timedelta:
        """Return the pause after try number ``tries`` (from 1)."""
        seconds = self.first.total_seconds() * self.factor ** min(tries - 1, 64)
        return timedelta(seconds=min(seconds, self.longest.total_seconds()))
