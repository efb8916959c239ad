"""How a simulator is served: settings that every simulator has, the servers they start, health, metrics and the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from wsgiref.types import WSGIApplication

from pydantic import Field, SecretStr, model_validator

from simkit import logs
from simkit.limits import LimitSettings
from simkit.logs import Form, Level
from soapkit.module import Module
from soapkit.observe import tracing
from soapkit.observe.access_log import log_call
from soapkit.observe.health import Check, Health
from soapkit.observe.metrics import Metrics
from soapkit.observe.metrics_page import MetricsPage
from soapkit.observe.observed import Observed
from soapkit.run import ClientCertificates, Tls, TlsVersion, serve, serve_workers

_MOST_CONTROLLED = 10 * 1024 * 1024
"""Bytes that the control API takes, whatever the limit of messages is."""

Build = Callable[[Sequence[Module], Mapping[str, WSGIApplication]], WSGIApplication]


class ServingSettings(LimitSettings):
    """Where a simulator listens, and how; a simulator's own settings extend it, and say the prefix of the variables."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8081, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve.")
    threads: int = Field(8, ge=1, le=128, description="Threads of each process.")
    public_url: str | None = Field(None, description="The address that published WSDLs say.")
    tls_certificate: Path | None = Field(None, description="Certificate with its chain (PEM): serve HTTPS only.")
    tls_key: Path | None = Field(None, description="Its private key (PEM).")
    tls_client_authority: Path | None = Field(None, description="Authorities of callers' certificates (PEM).")
    tls_client_certificates: ClientCertificates = Field(
        ClientCertificates.NONE, description="Callers' certificates: none, optional or required."
    )
    tls_minimum_version: TlsVersion = Field(TlsVersion.TLS_12, description="The oldest TLS spoken: 1.2 or 1.3.")
    metrics_token: SecretStr | None = Field(None, description="Bearer token of /metrics; without it, loopback only.")
    log_level: Level = Field("info", description="debug, info, warning or error.")
    log_format: Form = Field("console", description="console (for people) or json (for collectors).")

    @model_validator(mode="after")
    def _tls_is_complete(self) -> Self:
        if (self.tls_certificate is None) is not (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together")
        asked = self.tls_client_certificates is not ClientCertificates.NONE
        if asked and (self.tls_certificate is None or self.tls_client_authority is None):
            raise ValueError("tls_client_certificates needs tls_certificate, tls_key and tls_client_authority")
        return self

    @property
    def address(self) -> str:
        """The address that published WSDLs say."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def tls(self) -> Tls | None:
        """What the server is told; None without TLS."""
        if self.tls_certificate is None or self.tls_key is None:
            return None
        asked = self.tls_client_certificates
        return Tls(self.tls_certificate, self.tls_key, self.tls_client_authority, asked, self.tls_minimum_version)

    @property
    def in_workers(self) -> bool:
        """Whether processes of their own serve; the application is then made in each of them."""
        return self.workers > 1 or self.tls is not None

    def configure_log(self) -> None:
        """Log as the settings say."""
        logs.configure(self.log_level, self.log_format)


def serve_here(settings: ServingSettings, app: WSGIApplication) -> None:
    """Serve ``app`` in this process until it is told to stop. Raises OSError when it cannot listen."""
    serve(app, **_place(settings))


def serve_in_workers(settings: ServingSettings, target: str) -> None:
    """Serve what ``target`` (``module:factory``) makes in each worker. Raises OSError when it cannot listen."""
    serve_workers(target, workers=settings.workers, tls=settings.tls, **_place(settings))


def observed(
    build: Build, settings: ServingSettings, *, name: str, checks: Mapping[str, Check]
) -> tuple[WSGIApplication, Callable[[], None]]:
    """Return the application that ``build`` makes of further modules and mounts, with what operators see of it.

    ``name`` is the simulator's in traces, ``checks`` are what readiness depends on. The second is to be called at the
    end: it sends the last traces.
    """
    end_traces = tracing.configure(name)
    metrics, health = Metrics(), Health(checks)
    page = MetricsPage(metrics, settings.metrics_token.get_secret_value() if settings.metrics_token else None)
    app = build((metrics,), {"/health": health, "/metrics": page})
    return tracing.traced(Observed(app, (metrics.answered, log_call))), end_traces


def _place(settings: ServingSettings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "threads": settings.threads,
        "max_bytes": max(settings.max_bytes, _MOST_CONTROLLED),
        "max_seconds": settings.max_seconds,
    }
