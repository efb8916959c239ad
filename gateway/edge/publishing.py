"""Settings become what is published of the SOAP edge. Part of the wiring."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.config import Settings
from gateway.config.security import Proof, SecuritySettings
from soapkit.publish import Guard, Publishing, network
from soapkit.server import Service


def publishing(settings: Settings, services: Sequence[Service], guard: Guard) -> Publishing:
    """Return how contracts are shown; ``guard`` is what lets known users pass, should the settings want that.

    A configured public address is final: proxies are believed about it only when there is none.
    """
    chosen = settings.publishing
    believed = () if settings.gateway.public_url else chosen.trusted_proxies
    return Publishing(
        trusted_proxies=tuple(network(each) for each in believed),
        guard=guard if chosen.authenticate else None,
        try_it=chosen.try_it,
        credentials=_asking(settings.security, services),
    )


def _asking(security: SecuritySettings, services: Sequence[Service]) -> frozenset[str]:
    """Name the services that a user name and a password are enough to call."""
    own = {name.casefold(): proof for name, proof in security.services.items()}
    names = [service.contract.name for service in services]
    asking = (name for name in names if own.get(name.casefold(), security.policy) is Proof.USERNAME)
    return frozenset(asking) if security.http_basic else frozenset()
