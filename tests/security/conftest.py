"""A site that asks for proofs, partners with certificates, and time that stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from wsgiref.types import WSGIApplication

import pytest
import trustme
from cryptography import x509
from lxml import etree

from soapkit.server import Request, application
from soapkit.wss import passwords, trust
from soapkit.wss.authentication import Authenticator
from soapkit.wss.memory import KnownUsers, MemoryGuesses, MemoryReplays
from soapkit.wss.passwords import Passwords
from soapkit.wss.peers import Peers
from soapkit.wss.ports import User
from soapkit.wss.security import Policy, Proof, Security
from soapkit.wss.throttle import Throttle
from soapkit.wss.trust import Trust
from tests.contract.soapkit.orders import URL, accept, service
from tests.doubles.clock import FakeClock
from tests.security.envelopes import NOW, Partner

PASSWORD = "correct horse"
_HASH = passwords.hashed(PASSWORD)


@dataclass
class Site:
    """A site under a policy, and what its handlers saw."""

    app: WSGIApplication
    clock: FakeClock
    authenticator: Authenticator
    seen: list[Request] = field(default_factory=list)


Build = Callable[..., Site]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def partner(authority: trustme.CA) -> Partner:
    """Has given its certificate to the site: it stands for osm."""
    return Partner.of(authority.issue_cert("osm.example", common_name="osm", key_type=trustme.KeyType.RSA))


@pytest.fixture(scope="session")
def elliptic(authority: trustme.CA) -> Partner:
    """Has given its certificate too; its key is of an elliptic curve."""
    return Partner.of(authority.issue_cert("osm.example", common_name="osm", key_type=trustme.KeyType.ECDSA))


@pytest.fixture(scope="session")
def renewed(authority: trustme.CA) -> Partner:
    """Is known to the site by its subject only."""
    return Partner.of(authority.issue_cert("crm.example", common_name="crm", key_type=trustme.KeyType.RSA))


@pytest.fixture(scope="session")
def stranger() -> Partner:
    """Bears the subject of somebody known, from an authority that nobody trusts."""
    return Partner.of(trustme.CA().issue_cert("crm.example", common_name="crm", key_type=trustme.KeyType.RSA))


@pytest.fixture
def build(authority: trustme.CA, partner: Partner, elliptic: Partner, renewed: Partner) -> Build:
    """Make a site: ``build(Proof.USERNAME, …)``; further arguments are the Policy's."""
    users = KnownUsers(
        [
            User("osm", frozenset({"orders"}), _HASH),
            User("crm", frozenset(), _HASH),
        ],
        secrets={"osm": PASSWORD},
        certificates={trust.fingerprint(each.certificate): "osm" for each in (partner, elliptic)},
        subjects={trust.subject(renewed.certificate): "crm"},
    )
    trusted = Trust(users, [x509.load_pem_x509_certificate(authority.cert_pem.bytes())])
    checked = Passwords()

    def built(proof: Proof, *, peers: Peers | None = None, most_replays: int = 1000, **policy: object) -> Site:
        clock = FakeClock(NOW)
        authenticator = Authenticator(
            users,
            Throttle(MemoryGuesses(), clock),
            MemoryReplays(most_replays),
            clock,
            trust=trusted,
            passwords=checked,
        )
        seen: list[Request] = []

        def handle(request: Request) -> etree._Element:
            seen.append(request)
            return accept(request)

        module = Security(Policy(proof, **policy), authenticator, peers)  # type: ignore[arg-type] # by field name
        return Site(
            _near(application([service(PlaceOrder=handle)], public_url=URL, modules=[module])),
            clock,
            authenticator,
            seen,
        )

    return built


def _near(app: WSGIApplication) -> WSGIApplication:
    """Let every request come from this machine, as a server would tell."""
    return lambda environ, start_response: app({**environ, "REMOTE_ADDR": "127.0.0.1"}, start_response)
