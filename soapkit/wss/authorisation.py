"""Who may call what: users and roles against patterns of ``Service.operation``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from soapkit.exchange import Caller

ROLE = "role:"
USER = "user:"
ANYBODY = "*"


class Allowed:
    """A table of grants: ``role:billing``, ``user:osm`` or ``*`` (whoever is known) → patterns with ``*`` and ``?``.

    An empty table allows everybody everything; any other allows what it says, and nothing else.
    """

    def __init__(self, grants: Mapping[str, Sequence[str]] | None = None) -> None:
        self._grants = {holder: tuple(patterns) for holder, patterns in (grants or {}).items()}

    def allows(self, caller: Caller, service: str, operation: str) -> bool:
        """Tell whether ``caller`` may call an operation."""
        if not self._grants:
            return True
        holders = (ANYBODY, USER + caller.name, *(ROLE + role for role in caller.roles))
        patterns = (pattern for holder in holders for pattern in self._grants.get(holder, ()))
        return any(fnmatchcase(f"{service}.{operation}", pattern) for pattern in patterns)


def problems(grants: Mapping[str, Sequence[str]], operations: Sequence[str]) -> list[str]:
    """Say what is wrong with a table: holders that are none, patterns that no ``Service.operation`` fits."""
    found = [
        f"{holder}: must be role:NAME, user:NAME or *"
        for holder in grants
        if holder != ANYBODY and not (holder.startswith((ROLE, USER)) and holder.partition(":")[2])
    ]
    return found + [
        f"{holder}: no operation fits {pattern}"
        for holder, patterns in grants.items()
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in operations)
    ]
