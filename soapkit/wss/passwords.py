"""Passwords: hashed with argon2id, checked at the same price whether the user exists or not.

A password that was found right is remembered for some minutes in this process's memory, as a keyed hash of itself and
of the stored hash, so that a caller with many requests pays for argon2 once. A changed password has another stored
hash, and so was never remembered.
"""

from __future__ import annotations

import hmac
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

_REMEMBER_SECONDS = 300.0
_MOST_REMEMBERED = 10_000
MOST_CHARACTERS = 1024

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's second choice of parameters: about 20 ms and 19 MiB a check."""


def hashed(password: str) -> str:
    """Hash a password for keeping. ValueError when it is empty or longer than MOST_CHARACTERS."""
    if not 0 < len(password) <= MOST_CHARACTERS:
        raise ValueError(f"a password has 1 to {MOST_CHARACTERS} characters")
    return _HASHER.hash(password)


class Passwords:
    """Checks passwords; one for all threads of a process."""

    def __init__(self, *, elapsed: Callable[[], float] = time.monotonic, remember: float = _REMEMBER_SECONDS) -> None:
        self._elapsed = elapsed
        self._remember = remember
        self._key = secrets.token_bytes(32)
        self._nobody = _HASHER.hash(secrets.token_urlsafe())
        self._right: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()
        self._at_once = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))  # each check takes 19 MiB

    def right(self, password: str, stored: str | None) -> bool:
        """Tell whether ``password`` is what ``stored`` is the hash of; None takes as long and is never right."""
        if len(password) > MOST_CHARACTERS:
            return False
        if stored is None:
            self._verified(password, self._nobody)
            return False
        known = hmac.digest(self._key, f"{stored}\0{password}".encode(), "sha256")
        return self._remembered(known) or (self._verified(password, stored) and self._keep(known))

    def _verified(self, password: str, stored: str) -> bool:
        with self._at_once:
            try:
                return _HASHER.verify(stored, password)
            except (VerificationError, InvalidHashError):
                return False

    def _remembered(self, known: bytes) -> bool:
        with self._lock:
            until = self._right.get(known)
            return until is not None and until > self._elapsed()

    def _keep(self, known: bytes) -> bool:
        with self._lock:
            self._right[known] = self._elapsed() + self._remember
            self._right.move_to_end(known)
            while len(self._right) > _MOST_REMEMBERED:
                self._right.popitem(last=False)
        return True
