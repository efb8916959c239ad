"""Processes and their children, as the kernel lists them."""

from __future__ import annotations

import os
from pathlib import Path


def family(pid: int) -> list[int]:
    """Return a process and all that it has started and is still running."""
    children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(task)]
    return [pid, *(each for child in children for each in family(child))]


def runs(pid: int) -> bool:
    """Tell whether a process runs: one that has ended, and is not yet waited for, does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _children(task: Path) -> list[str]:
    return (task / "children").read_text().split()


def marked(mark: str) -> list[int]:
    """Return the processes that carry ``mark`` in their environment, but for this one."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:  # it ended meanwhile, or is not ours to read
            continue
    return [pid for pid in found if pid != os.getpid() and runs(pid)]
