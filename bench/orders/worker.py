"""A gateway worker as ``o2c worker`` runs it, that also notes how long it waits for BRM.

``python -m bench.orders.worker <waits file> <ready file>``, with the gateway's settings in the environment. Waiting is
the time a call takes less the processor time this thread spent in it: writing, checking and reading XML is work.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway import logs
from gateway.adapters.brm import BrmServices
from gateway.bootstrap import build
from gateway.config import load
from gateway.domain.brm import Flist


class _TimedBrm(BrmServices):
    """Notes each call of an order; every transaction call goes through ``call`` too. Recovery's are not an order's."""

    def __init__(self, name: str, url: str, note: Callable[[float, float], None]) -> None:
        super().__init__(name, url)
        self._note = note

    def call(self, transaction: str | None, opcode: str, flist: Flist, *more: Any, **named: Any) -> Flist:
        began, worked = time.monotonic(), time.thread_time()
        try:
            return super().call(transaction, opcode, flist, *more, **named)
        finally:
            if opcode != "PCM_OP_TRANS_RECOVER":
                self._note(began, time.monotonic() - began - (time.thread_time() - worked))


def main(waits: Path, ready: Path) -> None:
    """Consume until SIGTERM, then write the waits."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    settings = load()
    logs.configure(level=settings.logging.level, form=settings.logging.format)
    noted: list[tuple[float, float]] = []
    brms = {name: _TimedBrm(name, brm.url, lambda *wait: noted.append(wait)) for name, brm in settings.brm.items()}
    worker = build(settings, brms=brms).worker()
    worker.start()
    ready.touch()
    stopping.wait()
    worker.stop()
    waits.write_text(json.dumps(noted), encoding="ascii")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
