"""Settings of the servers themselves: TLS, and what operators are told."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Self

from pydantic import SecretStr, model_validator

from gateway.config.section import Address, Section
from soapkit.serving.place import ClientCertificates, Tls, TlsVersion


class TlsSettings(Section):
    """HTTPS, served by granian. With ``certificate`` and ``key`` set, nothing is served without."""

    certificate: Path | None = None
    """The server's certificate, with the chain up to its authority: a PEM file."""
    key: Path | None = None
    """Its private key, without a password: a PEM file that only the gateway's user can read."""
    client_authority: Path | None = None
    """The authorities that sign callers' certificates: a PEM file."""
    client_certificates: ClientCertificates = ClientCertificates.NONE
    """``required``: who has no certificate of ``client_authority`` is not let in; ``optional``: one that is shown must
    be of it; ``none``: they are not asked for."""
    minimum_version: TlsVersion = TlsVersion.TLS_12
    """The oldest TLS spoken: ``1.2`` or ``1.3``. Callers that know neither need a proxy in front."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.certificate is None) is not (self.key is None):
            raise ValueError("certificate and key belong together: one is set, the other is missing")
        if self.client_certificates is not ClientCertificates.NONE:
            if self.certificate is None:
                raise ValueError("client_certificates are asked for over TLS only: that needs certificate and key")
            if self.client_authority is None:
                raise ValueError("client_certificates need a client_authority that says which are good")
        return self

    @property
    def files(self) -> Tls | None:
        """What the server is told; None without TLS."""
        if self.certificate is None or self.key is None:
            return None
        asked = self.client_certificates
        return Tls(self.certificate, self.key, self.client_authority, asked, self.minimum_version)

    def problem(self) -> str | None:
        """Say what is wrong with the files, naming the setting; None when a server can use them."""
        for name in ("certificate", "key", "client_authority"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_file():
                return f"tls.{name}: there is no file {path}"
        if self.certificate is None or self.key is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.certificate, self.key, password="")  # else it asks the terminal for one
            if self.client_authority is not None:
                context.load_verify_locations(self.client_authority)
        except (ssl.SSLError, OSError, ValueError) as error:
            told = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            return f"tls: {self.certificate} and {self.key} cannot be used: {told}"
        return None


class TelemetrySettings(Section):
    """What operators' tools are told."""

    metrics_token: SecretStr | None = None
    """Bearer token for ``/metrics``. Without one, metrics are shown to this machine only, and not through a proxy."""
    traces_endpoint: Address | None = None
    """Where OpenTelemetry traces are sent, OTLP over HTTP: ``http://collector:4318/v1/traces``. Without it the
    variables ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`` and ``OTEL_EXPORTER_OTLP_ENDPOINT`` say; without those, nowhere."""
