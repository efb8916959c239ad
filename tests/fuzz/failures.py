"""Requests that once were answered wrongly, kept as they went over the wire: each is sent again in every run.

    POST /services/BRMBaseServices_v2
    Content-Type: text/xml; charset=utf-8

    <s:Envelope …

A run that finds a new one writes it where its message says; once understood it is copied here under a name.
"""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.mutations import Message

FAILURES = Path(__file__).parent / "failures"


def written(message: Message) -> bytes:
    """Give the content of a file."""
    lines = [f"POST {message.path}", *(f"{name}: {value}" for name, value in message.headers.items())]
    return "\n".join(lines).encode("latin-1") + b"\n\n" + message.body


def read(path: Path) -> Message:
    """Read a file."""
    head, _, body = path.read_bytes().partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Message(first.removeprefix("POST "), headers, body)


def known() -> list[Path]:
    """Give all that are kept."""
    return sorted(FAILURES.glob("*.http"))
