"""Guesses at passwords are slowed down: by user, by address, and by both together; shared by all workers.

What it must not become is a way to lock somebody out. A user is not refused, at an address from which they have lately
proved themselves, for what is guessed about them elsewhere, nor for what others do at that address (which may be a
proxy's); no refusal is longer than the ladder's end, and attempts made while refused count for nothing. Names are
counted in a fixed number of buckets, and an address has few attempts before it is refused: invented names cannot fill
the table, and a refusal does not tell whether a name exists.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections import OrderedDict
from datetime import datetime, timedelta

from soapkit.wss.ports import Clock, Guesses, Ladder
from soapkit.wss.refusals import throttled

OF_USER = Ladder(5, timedelta(seconds=1), timedelta(minutes=15), timedelta(hours=1))
OF_ADDRESS = Ladder(20, timedelta(seconds=1), timedelta(minutes=15), timedelta(hours=1))
KNOWN_FOR = timedelta(days=30)

_NOTED_FOR = timedelta(hours=1)
_MOST_NOTED = 10_000
_IPV6_SITE = 64
"""Bits of an IPv6 address that are one customer's: the others are theirs to change at will."""


class Throttle:
    """Counts failures and refuses for a while; one for all threads."""

    def __init__(self, guesses: Guesses, clock: Clock, *, user: Ladder = OF_USER, address: Ladder = OF_ADDRESS) -> None:
        self._guesses = guesses
        self._clock = clock
        self._user = user
        self._address = address
        self._noted: OrderedDict[str, datetime] = OrderedDict()

    def check(self, name: str, address: str) -> None:
        """Raise Refused (503, Retry-After) while guesses about ``name`` from ``address`` are refused."""
        now = self._clock.now()
        keys = _Keys(name, address)
        found = self._guesses.refused((keys.user, keys.pair, keys.address, keys.known), now)
        counted = (keys.pair,) if keys.known in found else (keys.user, keys.pair, keys.address)
        longest = max((until for key in counted if (until := found.get(key)) is not None), default=now)
        if longest > now:
            raise throttled(math.ceil((longest - now).total_seconds()))

    def failed(self, name: str, address: str) -> None:
        """Count a failed attempt."""
        keys = _Keys(name, address)
        ladders = {keys.user: self._user, keys.pair: self._user, keys.address: self._address}
        self._guesses.failed(ladders, self._clock.now())
        self._noted.pop(keys.known, None)

    def passed(self, name: str, address: str) -> None:
        """Note a success; written once an hour, not with every request."""
        now = self._clock.now()
        keys = _Keys(name, address)
        noted = self._noted.get(keys.known)
        if noted is not None and noted + _NOTED_FOR > now:
            return
        self._guesses.passed(keys.pair, keys.known, now, now + KNOWN_FOR)
        self._noted[keys.known] = now
        while len(self._noted) > _MOST_NOTED:
            self._noted.popitem(last=False)


def keys_of_user(name: str) -> tuple[str, ...]:
    """Return how the keys begin that an operator forgets to let a user in again: whatever address they came from."""
    keys = _Keys(name, "")
    return keys.user, keys.pairs


class _Keys:
    """The keys of one attempt."""

    def __init__(self, name: str, address: str) -> None:
        place = _place(address)
        both = hashlib.sha256(f"{name}\0{place}".encode()).hexdigest()
        bucket = hashlib.sha256(name.encode()).hexdigest()[:4]
        self.user = f"u:{bucket}"
        self.pairs = f"p:{bucket}:"
        self.pair = self.pairs + both[:16]
        self.known = "k:" + both[:40]
        self.address = "a:" + place


def _place(address: str) -> str:
    """Return the address that is counted; an IPv6 address counts as its site."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return hashlib.sha256(address.encode()).hexdigest()[:16]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), _IPV6_SITE), strict=False))
    return str(parsed)
