"""granian: several processes, or TLS. The application is made in each worker, by name."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from functools import partial
from importlib import import_module
from multiprocessing.util import Finalize
from typing import Any
from wsgiref.types import WSGIApplication

from soapkit.serving.patience import Patient
from soapkit.serving.place import ClientCertificates, Place, Tls

_WAITING = 256
"""Threads of a worker that may wait for slow bodies, beside those that run handlers."""
_SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_LOG = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"handlers": [], "level": "WARNING", "propagate": True}},
}


def serve(target: str, place: Place, *, workers: int, tls: Tls | None) -> None:
    """Serve until SIGTERM or SIGINT; raises OSError when the port cannot be had."""
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415 - native and only needed here
    from granian.http import HTTP1Settings  # noqa: PLC0415 - same
    from granian.server import Server  # noqa: PLC0415 - same

    socket.create_server(
        (place.host, place.port), family=_family(place.host)
    ).close()  # granian would share a taken one
    logging.getLogger("_granian").addFilter(_is_news)
    server = Server(
        target,
        address=place.host,
        port=place.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,  # the protocols are told apart by reading, for which there is no limit of time
        http1_settings=HTTP1Settings(header_read_timeout=round(place.max_seconds * 1000)),
        workers=workers,
        blocking_threads=place.threads + _WAITING,
        log_access=False,
        log_dictconfig=_LOG,
        respawn_failed_workers=True,
        workers_kill_timeout=max(1, round(place.drain_seconds)),  # one told to stop while it starts would never notice
        **_secured(tls),
    )
    with tempfile.TemporaryDirectory(prefix="soapkit-metrics-") as shared:
        os.environ[_SHARED_METRICS] = shared  # where the workers' figures are added up
        server.serve(target_loader=partial(_load, place=place))


def _load(target: str, *, place: Place) -> WSGIApplication:
    module, _, factory = target.partition(":")
    app = getattr(import_module(module), factory)()
    if hasattr(app, "close"):
        Finalize(None, app.close, exitpriority=0)  # workers end without atexit
    return Patient(app, place)


def _is_news(record: logging.LogRecord) -> bool:
    return "Python threads" not in record.getMessage()  # there are many, and most of them wait: on purpose


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _secured(tls: Tls | None) -> dict[str, Any]:
    from granian.constants import SSLProtocols  # noqa: PLC0415 - native and only needed here

    if tls is None:
        return {}
    return {
        "ssl_cert": tls.certificate,
        "ssl_key": tls.key,
        "ssl_protocol_min": SSLProtocols(f"tls{tls.minimum}"),
        "ssl_ca": None if tls.client_certificates is ClientCertificates.NONE else tls.client_authority,
        "ssl_client_verify": tls.client_certificates is ClientCertificates.REQUIRED,
    }
