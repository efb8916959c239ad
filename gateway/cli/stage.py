"""What the demo's scenes share: headings, and waits for what processes do in their own time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import stamina

from gateway.cli.output import Failed, console

_PATIENCE = 60.0

_T = TypeVar("_T")


def heading(text: str) -> None:
    """Begin a scene."""
    console.rule(f"[bold]{text}", align="left")


def waited(look: Callable[[], _T | None], what: str) -> _T:
    """Return what ``look`` finds, looking again for a while; Failed when it never does."""
    for attempt in stamina.retry_context(
        on=LookupError, attempts=None, timeout=_PATIENCE, wait_initial=0.05, wait_max=0.2, wait_jitter=0
    ):
        with attempt:
            found = look()
            if found is None:
                raise LookupError(what)
    if found is None:
        raise Failed(f"{what}: nothing came of it; see the log")
    return found
