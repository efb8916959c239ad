"""Who calls, as Siebel asks for it: by its own headers and session tokens, by WS-Security, or by HTTP Basic."""

from __future__ import annotations

from collections.abc import Sequence

from siebel_sim.settings import Settings
from siebel_sim.store import Store
from simkit import security
from soapkit.exchange import Exchange
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.module import Module
from soapkit.wss import passwords
from soapkit.wss.authentication import Authenticator
from soapkit.wss.memory import KnownUsers, MemoryGuesses, MemoryReplays, SystemClock
from soapkit.wss.names import SECURITY_HEADERS
from soapkit.wss.ports import User
from soapkit.wss.security import Policy, Proof, Security
from soapkit.wss.siebel import WRONG, SiebelSession
from soapkit.wss.throttle import Throttle

_ANONYMOUS = "GUEST"
_REALM = "Siebel"


class OneRequest(Security):
    """Logs in for one request whoever proves a name by a UsernameToken or HTTP Basic; others are the session's."""

    def received(self, exchange: Exchange) -> None:
        """Authenticate, where there is anything of that kind. Raises Fault, Siebel's own, for a wrong UsernameToken."""
        headers = exchange.parts.headers if exchange.parts else ()
        if any(each.tag in SECURITY_HEADERS for each in headers):
            try:
                super().received(exchange)
            except Refused as error:
                raise Fault(FaultCode.SERVER, WRONG) if error.rule == "authentication" else error from error
        elif "HTTP_AUTHORIZATION" in exchange.environ:
            super().received(exchange)


def logins(settings: Settings, store: Store) -> Sequence[Module]:
    """Return the modules that find out who calls."""
    clock = SystemClock()
    known = security.users(settings.users.get_secret_value()) if settings.users else {}
    callers = [User(name, password_hash=passwords.hashed(password)) for name, password in known.items()]
    found = KnownUsers(callers, secrets=known)
    authenticator = Authenticator(found, Throttle(MemoryGuesses(), clock), MemoryReplays(), clock)
    session = SiebelSession(
        authenticator,
        store.sessions,
        clock,
        lifetimes=settings.lifetimes,
        anonymous=_ANONYMOUS if settings.anonymous else None,
        in_url=settings.credentials_in_url,
    )
    return (OneRequest(Policy(Proof.USERNAME, realm=_REALM), authenticator), session) if known else (session,)
