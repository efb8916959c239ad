"""Who may call a simulator: names and passwords, proved by HTTP Basic or a UsernameToken, for tests of a client's own.

Replays and guesses are counted in the memory of each process: a simulator is not what anybody attacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from soapkit.module import Module
from soapkit.wss import passwords
from soapkit.wss.authentication import Authenticator
from soapkit.wss.memory import KnownUsers, MemoryGuesses, MemoryReplays, SystemClock
from soapkit.wss.ports import User
from soapkit.wss.security import Policy, Proof, Security
from soapkit.wss.throttle import Throttle

_FILE = "@"


def users(written: str) -> dict[str, str]:
    """Read ``name:password,name:password``, or ``@file`` with one such pair a line. ValueError says what is wrong.

    A password may hold colons; commas only in a file.
    """
    pairs = _lines(Path(written[1:])) if written.startswith(_FILE) else written.split(",")
    return dict(_pair(number, pair.strip()) for number, pair in enumerate(pairs, start=1) if pair.strip())


def modules(known: Mapping[str, str], realm: str) -> list[Module]:
    """Return the modules of a site that lets in ``known`` (name → password) only; everybody, when there are none."""
    if not known:
        return []
    clock = SystemClock()
    callers = [User(name, password_hash=passwords.hashed(password)) for name, password in known.items()]
    found = KnownUsers(callers, secrets=known)
    authenticator = Authenticator(found, Throttle(MemoryGuesses(), clock), MemoryReplays(), clock)
    return [Security(Policy(Proof.USERNAME, realm=realm), authenticator)]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError("the file of users cannot be read") from error


def _pair(number: int, written: str) -> tuple[str, str]:
    name, _, password = written.partition(":")
    if not (name and password):
        raise ValueError(f"user {number} is not name:password")
    return name, password
