"""Partners that are answered at addresses of their own: which are registered, and how an envelope is posted to one.

What is connected to is the address in the settings, never the text that a message brought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from gateway.errors import Unavailable, UnknownReference
from soapkit.addressing import endpoint
from soapkit.faults import NoAnswer, Unreachable
from soapkit.transport import HttpTransport, Timeout

_MOST_BYTES = 64 * 1024
_CODE = "O2C_PARTNER_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Partner:
    """A registered partner."""

    name: str
    address: str


class PartnerAddresses:
    """The registered addresses, and a pool of connections to them (ports ``Partners`` and ``Post``)."""

    def __init__(self, addresses: Mapping[str, str], timeout: Timeout) -> None:
        self._registered = {endpoint(address): Partner(name, address) for name, address in addresses.items()}
        self._timeout = timeout
        self._transport = HttpTransport(timeout, _MOST_BYTES)

    def named(self, address: str) -> str | None:
        """Return the name of the partner whose address this is; None for anybody else's."""
        found = self._partner(address)
        return None if found is None else found.name

    def post(self, address: str, envelope: bytes, headers: Mapping[str, str]) -> None:
        """Post, and return once the partner has said 2xx.

        Raises UnknownReference for an address that is not registered (any more), Unavailable for anything else but 2xx.
        """
        partner = self._partner(address)
        if partner is None:
            raise UnknownReference("the address is not registered in [addressing.partners]", code="O2C_UNKNOWN_PARTNER")
        try:
            reply = self._transport.send(partner.address, envelope, headers, self._timeout)
        except Unreachable as error:
            raise Unavailable(f"{partner.name} cannot be reached", code=_CODE) from error
        except NoAnswer as error:
            raise Unavailable(f"{partner.name} gave no answer", code=_CODE) from error
        if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            raise Unavailable(f"{partner.name} answered HTTP {reply.status}", code=_CODE)

    def _partner(self, address: str) -> Partner | None:
        wanted = endpoint(address)
        return None if wanted is None else self._registered.get(wanted)
