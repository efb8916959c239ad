"""Runs one application on one server: ``python -m bench.serve module:factory granian|waitress <workers> <port>``."""

from __future__ import annotations

import sys
from importlib import import_module

from soapkit.run import serve, serve_workers

_HOST = "127.0.0.1"


def main(target: str, server: str, workers: str, port: str) -> None:
    """Serve until SIGTERM."""
    if server == "granian":
        serve_workers(target, host=_HOST, port=int(port), workers=int(workers), threads=THREADS)
    else:
        module, _, factory = target.partition(":")
        serve(getattr(import_module(module), factory)(), host=_HOST, port=int(port), threads=THREADS)


THREADS = 2

if __name__ == "__main__":
    main(*sys.argv[1:])
