"""The table of workflows, made of the objects' contracts: each operation ``CUT<Kind><Key>Data`` is one row."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gateway.config import ConfigError
from gateway.cut.objects import CutObject


class Kind(StrEnum):
    """What a workflow does with an object's data."""

    GET = "Get"
    SEND = "Send"
    RECEIVE = "Receive"


@dataclass(frozen=True, eq=False)
class Workflow:
    """One workflow: ``name`` is Siebel's (``CUT Get Account Data``), ``operation`` what calls it."""

    name: str
    operation: str
    about: CutObject
    kind: Kind

    def element(self, direction: str) -> str:
        """Return the Clark name of its message: ``direction`` is Input or Output."""
        return self.about.element(f"{self.operation}_{direction}")


def workflow(about: CutObject, kind: Kind) -> Workflow:
    """Return the workflow of a kind, whether it is served or not."""
    return Workflow(f"CUT {kind} {about.name} Data", f"CUT{kind}{about.key}Data", about, kind)


def workflows(about: Iterable[CutObject]) -> tuple[Workflow, ...]:
    """Return every workflow. Raises ConfigError for an operation that is none."""
    return tuple(each for one in about for each in _of(one))


def _of(about: CutObject) -> Iterator[Workflow]:
    known = {each.operation: each for each in (workflow(about, kind) for kind in Kind)}
    for operation in about.contract.operations:
        if operation.name not in known:
            expected = ", ".join(known)
            raise ConfigError(f"cut.objects.{about.name}: {operation.name} is no workflow of it; they are {expected}")
        yield known[operation.name]


def switched_off(table: Iterable[Workflow], off: Iterable[str]) -> frozenset[str]:
    """Return the names of the workflows that are off. Raises ConfigError for a name that there is not."""
    names = [each.name for each in table]
    for name in off:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            raise ConfigError(f"cut.off: there is no workflow '{name}'{f'; did you mean {close[0]}?' if close else ''}")
    return frozenset(off)
