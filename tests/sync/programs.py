"""The products as processes that are killed and started again: addresses and databases stay, processes come and go."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.processes import Child, Nursery, free_port, nursery, until

MODULES = ("gateway", "brm_sim", "siebel_sim")


@dataclass(eq=False)
class Program:
    """One program: ``arguments`` of ``python -m``, and whether it listens on ``port``."""

    nursery: Nursery
    name: str
    arguments: tuple[str, ...]
    directory: Path
    port: int | None = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: Child | None = None
    starts: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        assert self.process is None
        self.process = self.nursery.start(*self.arguments, environment=self.environment, log=self.log)
        self.starts += 1
        until(self._serves, f"{self.name} serves; see {self.log}")

    def kill(self) -> None:
        """SIGKILL: it has no time to finish anything."""
        if self.process is not None:
            self.process.kill()
            self.process = None

    def restart(self) -> None:
        """Kill it and start it again at once."""
        self.kill()
        self.start()

    def _serves(self) -> bool:
        assert self.process is not None
        assert self.process.alive, self.log.read_text(encoding="utf-8")[-4000:]
        if self.port is None:
            return True
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


@contextmanager
def nurseries() -> Iterator[Mapping[str, Nursery]]:
    """Start a nursery for each product."""
    with ExitStack() as stack:
        yield {module: stack.enter_context(nursery(module)) for module in MODULES}
