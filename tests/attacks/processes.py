"""What an attack may cost: the kernel counts for the attacked process alone, and ends it when it overspends."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.site import eventually

CPU_SECONDS = 1
"""Processor time that one attack may cost the server, besides the rest of the second that was begun."""
ADDRESS_SPACE = 1024 * 1024 * 1024
"""What the kernel lets the server reserve for one attack: stacks and arenas of threads count."""
MEMORY = 384 * 1024 * 1024
"""What the server may really fill for one attack; the largest message allowed has 10 MiB."""
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def allowance(pid: int, *, address_space: int = ADDRESS_SPACE) -> Iterator[None]:
    """Give a server so much for what happens in the block, and no more.

    Of processor time the kernel counts what this process used, whatever else runs here, and ends it with SIGXCPU when
    it is spent. Address space it refuses beyond the limit. The peak of what was filled is read from its own account.
    """
    before = _status(pid, "VmRSS")
    _limit(pid, resource.RLIMIT_CPU, int(_used(pid)) + 1 + CPU_SECONDS)
    _limit(pid, resource.RLIMIT_AS, _status(pid, "VmSize") + address_space)
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # the peak begins here: proc(5)
    yield
    assert is_alive(pid), f"the server is gone: it used more than {CPU_SECONDS} s of processor time, or crashed"
    filled = _status(pid, "VmHWM") - before
    assert filled <= MEMORY, f"the server filled {filled} bytes more than before"
    _limit(pid, resource.RLIMIT_CPU, resource.RLIM_INFINITY)
    _limit(pid, resource.RLIMIT_AS, resource.RLIM_INFINITY)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        return _stat(pid)[0] not in "ZX"
    except FileNotFoundError:
        return False


def answering_process(pid: int, kind: str) -> int:
    """Find the process that answers: the one worker of granian, or waitress itself."""

    def worker() -> int | None:
        return next((child for child in _children(pid) if "resource_tracker" not in _command(child)), None)

    return int(eventually(worker)) if kind == "granian" else pid


def _limit(pid: int, which: int, soft: int) -> None:
    _, hard = resource.prlimit(pid, which)
    resource.prlimit(pid, which, (soft, hard))


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _used(pid: int) -> float:
    """Processor time of a process so far, in seconds: utime and stime of proc(5)."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
