"""One Siebel over its inbound web services (port ``Siebel``).

Calls are made one by one and never again, but for one case: a session that has expired was refused before anything
was done, so the same call logs in and goes again. Answers are parsed once, and handed on as they are.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from lxml import etree

from gateway.adapters.siebel_errors import of_fault, stack_of
from gateway.adapters.siebel_session import EXPIRED, Sessions
from gateway.cut.ports import Page, SiebelService
from gateway.errors import Disconnected, InvalidMessage, Unavailable
from gateway.transforms.reading import Element
from soapkit.client import Answer, Client, InvalidAnswer, NoAnswer, NotSent, RemoteFault, Timeout, Unreachable
from soapkit.wss import signing
from soapkit.wss.credentials import Credentials, Login
from soapkit.wss.names import SECURITY, WSSE, WSU

SHARED_PATH = "/eai_enu/start.swe?SWEExtSource=WebService&SWEExtCmd=Execute&WSSOAP=1"
"""Where Siebel serves all services at one address, unless the URL says another path."""


class Addresses(StrEnum):
    """How services are reached: each at ``<url>/services/<Name>``, or all at one address, as a real Siebel has it."""

    SERVICES = "services"
    EAI = "eai"


class Authentication(StrEnum):
    """What a call proves itself with: nothing, Siebel's own session, a WS-Security UsernameToken, or HTTP Basic."""

    NONE = "none"
    SESSION = "session"
    WSS = "wss"
    BASIC = "basic"


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: for a connection, and for an answer."""

    connect: float = 5.0
    read: float = 60.0


class SiebelWebServices:
    """The web services of one Siebel; shared by threads. Connections and sessions are kept, and used again."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        addresses: Addresses = Addresses.SERVICES,
        authentication: Authentication = Authentication.NONE,
        login: Login | None = None,
        waits: Waits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare; nothing is connected yet. Raises ValueError when credentials are asked for and there are none."""
        if authentication is not Authentication.NONE and login is None:
            raise ValueError(f"authentication {authentication} needs a user and a password")
        self._name = name
        self._address = _address(url, addresses)
        waits = waits or Waits()
        self._timeout = Timeout(connect=waits.connect, read=waits.read)
        self._sessions = Sessions(login) if login and authentication is Authentication.SESSION else None
        self._token = login if authentication is Authentication.WSS else None
        basic = login if authentication is Authentication.BASIC else None
        self._credentials = Credentials(basic=basic, tls=tls) if basic or tls else None
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The application id (``SEBL_01``)."""
        return self._name

    def query_by_id(self, service: SiebelService, row_id: str) -> Element:
        """Ask for the record of a row id (``…QueryById``)."""
        body, add = _body(service, "QueryById")
        add("PrimaryRowId", row_id)
        return _list(self._answer(service, "QueryById", body), service)

    def query_page(self, service: SiebelService, *, search: str, sort: str, size: int | None, start: int) -> Page:
        """Ask for a page (``…QueryPage``)."""
        body, add = _body(service, "QueryPage")
        for name, value in (
            ("PageSize", "" if size is None else str(size)),
            ("StartRowNum", str(start) if start else ""),
            ("SearchSpec", search),
            ("SortSpec", sort),
        ):
            if value:
                add(name, value)
        answer = self._answer(service, "QueryPage", body)
        last = answer.findtext(f"{{{service.contract.namespace}}}LastPage") or ""
        return Page(_list(answer, service), last.strip().lower() in ("true", "y", "1"))

    def query_by_example(self, service: SiebelService, example: Element) -> Element:
        """Ask for what is like an example (``…QueryByExample``)."""
        return self._of_message(service, "QueryByExample", example)

    def upsert(self, service: SiebelService, message: Element, *, status: bool = True) -> Element:
        """Insert or update (``…InsertOrUpdate``, whose method is Upsert)."""
        return self._of_message(service, "InsertOrUpdate", message, status=status)

    def _of_message(self, service: SiebelService, method: str, message: Element, *, status: bool = False) -> Element:
        body, add = _body(service, method)
        body.append(deepcopy(message))
        if status:
            add("StatusObject", "true")
        return _list(self._answer(service, method, body), service)

    def _answer(self, service: SiebelService, method: str, body: Element) -> Element:
        """Call an operation; every way in which that fails becomes an error of the gateway here."""
        operation = f"{service.prefix}{method}"
        try:
            answer = self._exchanged(self._client(service), operation, body)
        except NotSent as error:  # its text quotes the value, which is not for the log
            text = f"{operation} cannot be called: {error.path} breaks the rule '{error.rule}' of its contract"
            raise InvalidMessage(text, element=error.path) from None
        except RemoteFault as fault:
            raise of_fault(fault, self._name) from fault
        except InvalidAnswer as error:
            raise Unavailable(f"{operation}: {self._name} answered against its contract") from error
        except (Unreachable, NoAnswer) as error:
            raise Disconnected(f"{operation}: {self._name} does not answer") from error
        if answer.body is None:
            raise Unavailable(f"{operation}: {self._name} answered nothing")
        return answer.body

    def _exchanged(self, client: Client, operation: str, body: Element) -> Answer:
        sessions = self._sessions
        if sessions is None:
            return client.exchange(operation, body, beyond=self._proof())
        token = sessions.take()
        try:
            return self._in_session(sessions, token, client, operation, body)
        except RemoteFault as fault:
            if token is None or all(said.code != EXPIRED for said in stack_of(fault)):
                raise
            return self._in_session(sessions, None, client, operation, body)

    def _in_session(
        self, sessions: Sessions, token: str | None, client: Client, operation: str, body: Element
    ) -> Answer:
        try:
            answer = client.exchange(operation, body, beyond=sessions.blocks(token))
        except RemoteFault as fault:
            sessions.give(fault.headers)
            raise
        sessions.give(answer.headers)
        return answer

    def _proof(self) -> Sequence[Element]:
        """Write WS-Security's header block: name and password as text, which is what Siebel reads."""
        if self._token is None:
            return ()
        security = etree.Element(SECURITY, nsmap={"wsse": WSSE, "wsu": WSU})
        security.append(signing.username_token(self._token, datetime.now(UTC)))
        return (security,)

    def _client(self, service: SiebelService) -> Client:
        contract = service.contract
        client = self._clients.get(contract.wsdl)
        if client is None:
            with self._lock:
                client = self._clients.get(contract.wsdl)
                if client is None:
                    address = self._address(contract.name)
                    client = Client(contract, address, timeout=self._timeout, credentials=self._credentials)
                    self._clients[contract.wsdl] = client
        return client


def _address(url: str, addresses: Addresses) -> Callable[[str], str]:
    base = url.rstrip("/")
    if addresses is Addresses.SERVICES:
        return lambda service: f"{base}/services/{service}"
    own = "?" in base or base.count("/") > 2  # noqa: PLR2004 - the two of https://
    return lambda _: url if own else f"{base}{SHARED_PATH}"


def _body(service: SiebelService, method: str) -> tuple[Element, Callable[[str, str], None]]:
    namespace = service.contract.namespace
    body = etree.Element(f"{{{namespace}}}{service.prefix}{method}_Input", nsmap={"asi": namespace})

    def add(name: str, text: str) -> None:
        etree.SubElement(body, f"{{{namespace}}}{name}").text = text

    return body, add


def _list(answer: Element, service: SiebelService) -> Element:
    """Take the list out of an answer; Siebel leaves it out, or sends an empty one, when there is nothing."""
    found = answer.find(service.list_element)
    if found is None:
        return etree.Element(service.list_element)
    answer.remove(found)
    return found
