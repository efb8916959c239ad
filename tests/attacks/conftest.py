"""The attacked processes, one set a session."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.landscape import Landscape, landscape


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that waits for whoever follows an address in a message."""

    listening: socket.socket

    @property
    def url(self) -> str:
        """The address to write into messages."""
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def seen(self) -> bool:
        """Tell whether anybody came; the backlog keeps who did."""
        self.listening.setblocking(False)
        try:
            self.listening.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    """Run gateway and simulator over each server."""
    with landscape(tmp_path_factory.mktemp("attacked")) as made:
        yield made


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Listen where nobody may come."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield Listener(listening)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """Make a file of the server's machine whose content nobody may see."""
    file = tmp_path / "canary.txt"
    file.write_text("content-of-a-file-4711", encoding="ascii")
    return file
