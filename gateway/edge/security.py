"""Settings become the security of the SOAP edge: a module for its site, a guard for its pages. Part of the wiring.

Everything that settings name is looked at when the site is built, so that it fails then and in words.
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from gateway.adapters.callers import StoredGuesses, StoredReplays, StoredUsers
from gateway.adapters.vault import Vault
from gateway.config import ConfigError
from gateway.config.security import Proof as Asked
from gateway.config.security import SecuritySettings
from gateway.messaging.ports import Clock, Database
from soapkit.server import Service
from soapkit.wss import authorisation, basic, trust
from soapkit.wss.authentication import Authenticator
from soapkit.wss.authorisation import Allowed
from soapkit.wss.freshness import Freshness
from soapkit.wss.peers import Peers
from soapkit.wss.ports import Ladder
from soapkit.wss.security import Policy, Proof, Security
from soapkit.wss.signature import Algorithms
from soapkit.wss.signing import Identity
from soapkit.wss.throttle import OF_ADDRESS, OF_USER, Throttle
from soapkit.wss.trust import Trust


def vault(settings: SecuritySettings) -> Vault:
    """Return what encrypts secrets. Raises GatewayError for keys that are none."""
    return Vault(None if settings.secret_key is None else settings.secret_key.get_secret_value())


def authenticator(settings: SecuritySettings, database: Database, clock: Clock) -> Authenticator:
    """Return what tells callers from strangers. Raises ConfigError."""
    users = StoredUsers(database, vault(settings))
    longest = timedelta(seconds=settings.longest_refusal_seconds)
    throttle = Throttle(
        StoredGuesses(database),
        clock,
        user=Ladder(settings.guesses_per_user, OF_USER.first, longest, OF_USER.memory),
        address=Ladder(settings.guesses_per_address, OF_ADDRESS.first, longest, OF_ADDRESS.memory),
    )
    return Authenticator(
        users,
        throttle,
        StoredReplays(database, settings.replay_entries),
        clock,
        trust=Trust(users, _authorities(settings.ca_file)),
        freshness=Freshness(
            timedelta(seconds=settings.clock_skew_seconds), timedelta(seconds=settings.max_age_seconds)
        ),
    )


def module(
    settings: SecuritySettings,
    callers: Callable[[], Authenticator],
    proxies: Sequence[str],
    services: Sequence[Service],
) -> Security | None:
    """Return the module, or None where nothing is asked of anybody. Raises ConfigError."""
    chosen = policy(settings, services)
    return Security(chosen, callers(), peers(settings, proxies)) if chosen.asks else None


def guard(settings: SecuritySettings, callers: Authenticator, proxies: Sequence[str]) -> basic.Guard:
    """Return what lets only known users see pages."""
    return basic.guard(callers, realm=settings.realm, peers=peers(settings, proxies))


def peers(settings: SecuritySettings, proxies: Sequence[str]) -> Peers:
    """Return what is believed of the other end of a connection."""
    return Peers([ipaddress.ip_network(each, strict=False) for each in proxies], settings.client_certificate_header)


def policy(settings: SecuritySettings, services: Sequence[Service]) -> Policy:
    """Return what is asked for. Raises ConfigError for services, operations, keys and files that there are not."""
    names = {service.contract.name.casefold(): service.contract.name for service in services}
    operations = [
        f"{each.contract.name}.{operation.name}" for each in services for operation in each.contract.operations
    ]
    problems = [_no_service(name, names) for name in settings.services if name.casefold() not in names]
    problems += _written_twice(settings.services)
    problems += [f"security.allow: {each}" for each in authorisation.problems(settings.allow, operations)]
    if problems:
        raise ConfigError(*problems)
    own = {names[name.casefold()]: proof for name, proof in settings.services.items()}
    asking = [name for name in operations if own.get(name.partition(".")[0], settings.policy) is not Asked.NONE]
    if unused := _unused(settings.allow, asking):
        raise ConfigError(*unused)
    return Policy(
        Proof(settings.policy.value),
        {name: Proof(proof.value) for name, proof in own.items()},
        Allowed(settings.allow),
        http_basic=settings.http_basic,
        realm=settings.realm,
        algorithms=Algorithms(settings.sha1),
        identity=_identity(settings),
    )


def _no_service(name: str, names: Mapping[str, str]) -> str:
    close = difflib.get_close_matches(name.casefold(), names, n=1)
    suggestion = f"; did you mean {names[close[0]]}?" if close else f"; there are {', '.join(sorted(names.values()))}"
    return f"security.services.{name}: there is no such service{suggestion}"


def _unused(allow: Mapping[str, Sequence[str]], asking: Sequence[str]) -> list[str]:
    """Say which grants do nothing, because nobody who calls those operations is asked who they are."""
    if not asking:
        return [f"security.allow: {holder}: no service asks its callers who they are" for holder in allow]
    told = authorisation.problems(allow, asking)
    return [f"security.allow: {each} of a service that asks its callers who they are" for each in told]


def _written_twice(services: Mapping[str, object]) -> list[str]:
    """Name the services that are written in two spellings: neither can be meant to win."""
    spellings: dict[str, list[str]] = {}
    for name in services:
        spellings.setdefault(name.casefold(), []).append(name)
    several = [names for names in spellings.values() if len(names) > 1]
    return [f"security.services: {' and '.join(names)} are the same service: write it once" for names in several]


def _identity(settings: SecuritySettings) -> Identity | None:
    if settings.key_file is None or settings.certificate_file is None:
        return None
    password = None if settings.key_password is None else settings.key_password.get_secret_value()
    try:
        return Identity.read(settings.key_file, settings.certificate_file, password)
    except ValueError as error:
        raise ConfigError(f"security.key_file: {error}") from None


def _authorities(file: Path | None) -> list[x509.Certificate]:
    if file is None:
        return []
    try:
        return trust.from_file(file)
    except ValueError as error:
        raise ConfigError(f"security.ca_file: {error}") from None
