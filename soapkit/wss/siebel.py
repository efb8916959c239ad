"""Siebel's own header scheme: four header blocks, session tokens, and Siebel's faults. For a simulator of Siebel.

    <UsernameToken xmlns="http://siebel.com/webservices">SADMIN</UsernameToken>
    <PasswordText xmlns="http://siebel.com/webservices">SADMIN</PasswordText>
    <SessionType xmlns="http://siebel.com/webservices">Stateless</SessionType>
    <SessionToken xmlns="http://siebel.com/webservices">…</SessionToken>

=============  ==========  ======================================================================================
who            type        what happens
=============  ==========  ======================================================================================
nobody         None        an anonymous request, where that is allowed; the password alone is no anonymous request
name, password None        one request, no token
name, password Stateless   a login; the answer's SessionToken header has a token
name, password Stateful    the same; the token stays
token          Stateless   the session goes on, logged in again if it was closed; every answer has a new token
token          Stateful    the session goes on; the token stays
token          None        the last request of the session: it is logged out
=============  ==========  ======================================================================================

A type is read without case; ServerDetermine is Stateless here. A token that is unknown, too old, logged out, or not
the latest of a stateless session is SBL-UIF-00880. After a stateless answer got lost, the token before it is good for a
moment longer: the caller cannot have the new one. Names and passwords in the URL are off, as in Siebel since 8.1,
unless ``in_url`` says otherwise.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import parse_qs

from lxml import etree

from soapkit.exchange import Caller, Exchange
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.module import Module
from soapkit.wss.authentication import Authenticator
from soapkit.wss.ports import Clock

NAMESPACE = "http://siebel.com/webservices"
EXPIRED = "Token might have been expired or logged out by the user. (SBL-UIF-00880)"
WRONG = "The name or the password is not right, or there is none. (SBL-DAT-00446)"
"""The code is Siebel's as far as we know; its text is in no source of ours, and these words are our own."""

_KEY = "soapkit.wss.siebel"
_BLOCKS = ("UsernameToken", "PasswordText", "SessionType", "SessionToken")
_TOKEN_BYTES = 48


class SessionType(StrEnum):
    """What becomes of a session after the request."""

    NONE = "none"
    STATELESS = "stateless"
    STATEFUL = "stateful"
    SERVER_DETERMINE = "serverdetermine"

    @property
    def renews(self) -> bool:
        """Whether every answer has a new token."""
        return self in (SessionType.STATELESS, SessionType.SERVER_DETERMINE)


@dataclass(frozen=True, slots=True)
class Session:
    """A login; ``used_at`` is when it last did something, ``followed`` is when a newer token took its place."""

    caller: Caller
    began_at: datetime
    used_at: datetime
    followed: datetime | None = None


class Sessions(Protocol):
    """Sessions by token. A simulator with several processes shares them in its store."""

    def put(self, token: str, session: Session) -> None:
        """Insert or replace."""

    def get(self, token: str) -> Session | None:
        """Return a session."""

    def end(self, token: str) -> bool:
        """Delete a session; False when there was none."""


class MemorySessions:
    """Sessions of one process; when there are ``most``, the one unused for longest ends."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, token: str, session: Session) -> None:
        """Insert or replace."""
        with self._lock:
            self._sessions[token] = session
            self._sessions.move_to_end(token)
            while len(self._sessions) > self._most:
                self._sessions.popitem(last=False)

    def get(self, token: str) -> Session | None:
        """Return a session."""
        with self._lock:
            return self._sessions.get(token)

    def end(self, token: str) -> bool:
        """Delete a session."""
        with self._lock:
            return self._sessions.pop(token, None) is not None


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session may idle, how long it may last, and how long the token before the latest is still good."""

    idle: timedelta = timedelta(minutes=15)
    most: timedelta = timedelta(hours=8)
    grace: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a request says of itself; None is what it does not say."""

    name: str | None
    password: str | None
    token: str | None
    kind: SessionType


class SiebelSession(Module):
    """The scheme, as a module; ``anonymous`` lets requests without credentials in, as Siebel's anonymous user."""

    understands = frozenset(f"{{{NAMESPACE}}}{name}" for name in _BLOCKS)

    def __init__(
        self,
        authenticator: Authenticator,
        sessions: Sessions,
        clock: Clock,
        *,
        lifetimes: Lifetimes | None = None,
        anonymous: str | None = None,
        in_url: bool = False,
    ) -> None:
        self._authenticator = authenticator
        self._sessions = sessions
        self._clock = clock
        self._lifetimes = lifetimes or Lifetimes()
        self._anonymous = anonymous
        self._in_url = in_url

    def received(self, exchange: Exchange) -> None:
        """Log in, go on, or log out. Raises Fault, with Siebel's text for the product to word further."""
        if exchange.caller is not None:  # by another scheme, WS-Security's, and there is no session
            return
        given = self._given(exchange)
        if given.token is not None:
            exchange.caller = self._went_on(exchange, given, given.token)
        elif given.name is not None or given.password is not None:
            exchange.caller = self._logged_in(exchange, given)
        elif self._anonymous is not None and given.kind is SessionType.NONE:
            exchange.caller = Caller(self._anonymous, "anonymous")
        else:
            raise _refused(WRONG)

    def blocks(self, exchange: Exchange, answer: etree._Element | Fault) -> Sequence[etree._Element]:  # noqa: ARG002 - the token goes with any answer
        """Return the SessionToken that the caller is to use next."""
        token = exchange.notes.get(_KEY)
        if token is None:
            return ()
        block = etree.Element(f"{{{NAMESPACE}}}SessionToken", nsmap={"siebel-header": NAMESPACE})
        block.text = token
        return (block,)

    def _logged_in(self, exchange: Exchange, given: _Given) -> Caller:
        address = str(exchange.environ.get("REMOTE_ADDR") or "")
        try:
            caller = self._authenticator.by_password(given.name or "", given.password or "", address, how="username")
        except Refused as error:
            if error.rule != "authentication":
                raise
            raise _refused(WRONG) from error
        if given.kind is not SessionType.NONE:
            now = self._clock.now()
            exchange.notes[_KEY] = self._issued(Session(caller, now, now))
        return caller

    def _went_on(self, exchange: Exchange, given: _Given, token: str) -> Caller:
        now, session = self._clock.now(), self._sessions.get(token)
        if session is None or not self._lives(session, now):
            self._sessions.end(token)
            raise _refused(EXPIRED)
        if given.kind is SessionType.NONE:
            self._sessions.end(token)
        elif given.kind.renews:
            self._sessions.put(token, replace(session, followed=session.followed or now))
            exchange.notes[_KEY] = self._issued(replace(session, used_at=now, followed=None))
        else:
            self._sessions.put(token, replace(session, used_at=now))
            exchange.notes[_KEY] = token
        return session.caller

    def _lives(self, session: Session, now: datetime) -> bool:
        limits = self._lifetimes
        latest = session.followed is None or now - session.followed <= limits.grace
        return latest and now - session.used_at <= limits.idle and now - session.began_at <= limits.most

    def _issued(self, session: Session) -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._sessions.put(token, session)
        return token

    def _given(self, exchange: Exchange) -> _Given:
        found: dict[str, str] = {}
        for block in exchange.parts.headers if exchange.parts else ():
            name = etree.QName(block)
            if name.namespace == NAMESPACE and name.localname in _BLOCKS:
                if name.localname in found or len(block):
                    raise _refused(f"Unable to process SOAP Header child element '{name.localname}' (SBL-EAI-08000)")
                found[name.localname] = (block.text or "").strip()
        url = self._said_in_url(exchange)
        return _Given(
            found.get("UsernameToken", url.get("UserName")),
            found.get("PasswordText", url.get("Password")),
            found.get("SessionToken"),
            _kind(found.get("SessionType") or url.get("SessionType") or SessionType.NONE),
        )

    def _said_in_url(self, exchange: Exchange) -> Mapping[str, str]:
        if not self._in_url:
            return {}
        asked = parse_qs(str(exchange.environ.get("QUERY_STRING") or ""), keep_blank_values=True)
        return {name: values[0] for name, values in asked.items()}


def _kind(written: str) -> SessionType:
    try:
        return SessionType(written.lower())
    except ValueError:
        raise _refused(f"Invalid SessionType '{written[:32]}' in the SOAP header (SBL-EAI-08000)") from None


def _refused(text: str) -> Fault:
    """Make what the product words: Siebel says Server, and HTTP 500, whoever is at fault."""
    return Fault(FaultCode.SERVER, text)
