"""A gateway for a server's process, configured by its environment alone."""

from __future__ import annotations

from wsgiref.types import WSGIApplication

from gateway.bootstrap import build
from gateway.config import load


def gateway() -> WSGIApplication:
    """Build what each worker process serves."""
    return build(load(), brms={}).application()
