"""What was measured on: without it a figure means nothing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_VERSIONS = ("o2c-gateway", "spyne", "lxml", "zeep", "urllib3", "granian", "waitress", "sqlalchemy")


def described() -> dict[str, str]:
    """Return the machine and the versions, ready to print."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processors": f"{_usable()} of {_model()}, shared by servers and load generator",
        "load before": "{:.2f} {:.2f} {:.2f}".format(*os.getloadavg()),
        "versions": ", ".join(f"{name} {version(name)}" for name in _VERSIONS),
    }


def _usable() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _model() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    models = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")]
    return models[0] if models else "unknown"
