"""Settings of what is published: WSDLs, schemas, pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from gateway.config.section import Section
from soapkit.publish import network


def _network(value: str) -> str:
    try:
        return str(network(value))
    except ValueError as error:
        raise ValueError("must be an address (192.0.2.1) or a network (10.0.0.0/8)") from error


Network = Annotated[str, AfterValidator(_network)]


class PublishingSettings(Section):
    """Contracts and the pages about them, at the addresses of the services."""

    trusted_proxies: tuple[Network, ...] = ()
    """Addresses and networks of proxies whose ``Forwarded`` or ``X-Forwarded-Proto``, ``-Host``, ``-Port`` and
    ``-Prefix`` headers say what partners call this gateway, while ``gateway.public_url`` does not. Nobody else is
    believed."""
    authenticate: bool = False
    """Show WSDLs, schemas and pages to known users only (HTTP Basic)."""
    try_it: bool = True
    """Put a form on each service's page that calls the service from the browser."""
