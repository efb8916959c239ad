"""Applications that test servers serve, by name: what a handler does is told by files in a directory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from lxml import etree

from soapkit.limits import Limits
from soapkit.observe import tracing
from soapkit.observe.access_log import log_call
from soapkit.observe.metrics import Metrics
from soapkit.observe.metrics_page import MetricsPage
from soapkit.observe.observed import Observed
from soapkit.server import Request, application
from tests.contract.soapkit.orders import placed, service, site
from tests.serving.servers import ADDRESS

HELD = "HELD_IN"
"""The variable that names the directory: a handler makes ``entered`` and waits for ``release``."""


def held() -> WSGIApplication:
    """Hold every order until it is released."""
    return site(PlaceOrder=_hold)


def small() -> WSGIApplication:
    """Take messages of 10,000 bytes at most."""
    return site(limits=Limits(max_bytes=10_000))


def measured() -> WSGIApplication:
    """Count calls, and hold some."""
    metrics = Metrics()
    mounts: dict[str, WSGIApplication] = {"/metrics": MetricsPage(metrics), "/pid": _pid}
    app = application([service(PlaceOrder=_hold)], public_url=os.environ[ADDRESS], modules=[metrics], mounts=mounts)
    return Observed(app, (metrics.answered, log_call))


class Traced:
    """An application whose spans are sent, the last of them when it is closed."""

    def __init__(self) -> None:
        self.close = tracing.configure("traced")
        self._app = tracing.traced(site())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._app(environ, start_response)


def traced() -> WSGIApplication:
    """Trace calls as the environment says."""
    return Traced()


def _pid(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


def _hold(_: Request) -> etree._Element:
    place = os.environ.get(HELD)
    if place is not None:
        (Path(place) / "entered").touch()
        waiting = threading.Event()
        for _attempt in range(3000):
            if (Path(place) / "release").exists():
                break
            waiting.wait(0.02)
    return placed("held")
