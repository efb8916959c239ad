"""A process that has imported a program once, and forks it whenever asked: a start takes milliseconds, not a second.

What it forks runs ``python -m <module>`` as always, in a process of its own. Requests and answers are lines of JSON on
standard input and output: ``{"start": module, "arguments": […], "environment": {…}, "log": path}`` → process id;
``{"ended": pid}`` → exit status, or null; ``{"stopped": pid}`` → 1 when a signal has stopped it, else 0.

Nothing it started outlives it, and it does not outlive the test run, however that ends: it kills its children when its
input ends; and on Linux the kernel kills whoever loses its parent.
"""

from __future__ import annotations

import ctypes
import json
import os
import runpy
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from soapkit.catalog import contracts_root, load
from soapkit.client import Client

_PR_SET_PDEATHSIG = 1
_MODULES = {"gateway": "gateway.cli", "brm_sim": "brm_sim.server", "siebel_sim": "siebel_sim.server"}


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, and end at once if it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def main() -> None:
    """Serve requests; in a child, run what was asked for."""
    die_with(int(sys.argv[1]))
    _prepare(sys.argv[2])
    children: set[int] = set()
    request = _serve(children)
    if request is None:
        _kill(children)
    else:
        _run(request)


def _prepare(program: str) -> None:
    """Import the program, and read what it keeps in memory anyway: contracts. Opens no file or connection for good."""
    import_module(_MODULES[program])
    for wsdl in sorted((contracts_root() / "wsdl").glob("*/*.wsdl")):
        load(wsdl)
    for wsdl in sorted((contracts_root() / "wsdl" / "brm").glob("*.wsdl")):
        Client(load(wsdl), "http://nowhere")


def _serve(children: set[int]) -> Mapping[str, Any] | None:
    """Answer requests until there are no more (None); in a child, return the request to run."""
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            parent = os.getpid()
            child = os.fork()
            if child == 0:
                die_with(parent)
                return {**request}
            children.add(child)
            _answer(child)
        elif "stopped" in request:
            _answer(_stopped(request["stopped"]))
        else:
            _answer(_ended(request["ended"], children))
    return None


def _answer(value: int | None) -> None:
    print(json.dumps(value), flush=True)  # noqa: T201 - the other end of a pipe


def _ended(child: int, children: set[int]) -> int | None:
    pid, status = os.waitpid(child, os.WNOHANG)
    if pid == 0:
        return None
    children.discard(child)
    return os.waitstatus_to_exitcode(status)


def _stopped(child: int) -> int:
    """Tell, without waiting, whether a signal has stopped a child; an end is left for ``_ended``."""
    return int(os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOHANG) is not None)


def _kill(children: set[int]) -> None:
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _run(request: Mapping[str, Any]) -> None:
    """Become the program, as ``python -m`` would start it."""
    with Path(request["log"]).open("ab", buffering=0) as log, Path(os.devnull).open("rb") as nothing:
        for stream, file in ((0, nothing), (1, log), (2, log)):
            os.dup2(file.fileno(), stream)
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    runpy.run_module(request["start"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
