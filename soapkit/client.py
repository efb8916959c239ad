"""Calls a service by its contract. zeep reads the same files; bodies are lxml elements; nothing is retried.

One Client may be shared by threads. What happened to a failed call is told apart exactly: Unreachable (nothing
reached the service), RemoteFault (it said no), NoAnswer (sent, outcome unknown), InvalidAnswer (answered against the
contract).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn
from wsgiref.types import WSGIApplication

import structlog
import zeep
from lxml import etree

from soapkit import fault_xml
from soapkit.addressing.asking import Asked, ask
from soapkit.attributes import strip_soap_attributes
from soapkit.catalog import Contract
from soapkit.envelope import split, wrap
from soapkit.faults import InvalidAnswer, NoAnswer, NotSent, Refused, RemoteFault, Unreachable
from soapkit.limits import Limits, parse
from soapkit.observe import tracing
from soapkit.transport import HttpTransport, LocalFiles, Reply, Timeout, Transport, WsgiTransport
from soapkit.wss.credentials import Credentials, SecuringTransport

__all__ = ["Answer", "Client", "InvalidAnswer", "NoAnswer", "NotSent", "RemoteFault", "Timeout", "Unreachable"]

_SETTINGS = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
_DEFAULT_TIMEOUT = Timeout(connect=5.0, read=60.0)
_DEFAULT_LIMITS = Limits(max_bytes=64 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the body's element (None when a one-way message was accepted), and the header blocks."""

    body: etree._Element | None
    headers: tuple[etree._Element, ...] = ()


@lru_cache
def _document(wsdl: Path) -> zeep.wsdl.Document:
    """Read a WSDL with zeep, once per process; from local files only."""
    files: Any = LocalFiles()  # type: ignore[no-untyped-call] # zeep's constructor is untyped
    return zeep.wsdl.Document(str(wsdl), files, settings=_SETTINGS)


class Client:
    """Calls one service at ``address``, over HTTP or, given ``wsgi``, in this process.

    ``validate`` checks bodies and headers going out (NotSent) and answers coming in (InvalidAnswer). ``typed`` is
    zeep's proxy for the same service on the same transport, for those who want objects: about a hundred times slower.
    ``addressing`` adds WS-Addressing's To, Action, MessageID and anonymous ReplyTo to every call of ``call``, and holds
    answers that relate to another message for InvalidAnswer. ``credentials`` prove who calls, ``typed`` calls too, and
    may ask that answers are signed (InvalidAnswer).
    """

    def __init__(
        self,
        contract: Contract,
        address: str,
        *,
        timeout: Timeout = _DEFAULT_TIMEOUT,
        wsgi: WSGIApplication | None = None,
        validate: bool = True,
        limits: Limits = _DEFAULT_LIMITS,
        addressing: bool = False,
        credentials: Credentials | None = None,
    ) -> None:
        self.contract = contract
        self.address = address
        self._timeout = timeout
        self._validate = validate
        self._limits = limits
        self._addressing = addressing
        tls = None if credentials is None else credentials.tls
        plain = WsgiTransport(wsgi, timeout) if wsgi else HttpTransport(timeout, limits.max_bytes, tls)
        self._transport: Transport = plain if credentials is None else SecuringTransport(plain, credentials, limits)
        document = _document(contract.documents[contract.wsdl])
        reader: Any = zeep.Client(document, transport=self._transport)  # type: ignore[no-untyped-call] # zeep's own
        self._binding: Any = reader.service._binding  # noqa: SLF001 - zeep names no other way to it
        self.typed: Any = reader.create_service(self._binding.name, address)

    def call(
        self,
        operation: str,
        body: etree._Element,
        *,
        headers: Sequence[etree._Element] = (),
        timeout: Timeout | None = None,
    ) -> etree._Element | None:
        """Send ``body`` and return the answer's body element; None when a one-way message was accepted.

        Raises Unreachable, NoAnswer, RemoteFault, InvalidAnswer; ContractError for an unknown operation; NotSent, which
        is a ValueError, for a body or header that the contract does not allow.
        """
        return self.exchange(operation, body, headers=headers, timeout=timeout).body

    def exchange(
        self,
        operation: str,
        body: etree._Element,
        *,
        headers: Sequence[etree._Element] = (),
        beyond: Sequence[etree._Element] = (),
        timeout: Timeout | None = None,
    ) -> Answer:
        """Send ``body`` and return the answer with its header blocks; a RemoteFault has those of the fault.

        ``beyond`` are header blocks that no contract declares, a login's for one: not checked. Raises what ``call``
        raises.
        """
        described = self.contract.operation(operation)
        self._check_outgoing(described.input, body, headers)
        action = self._binding.get(operation).soapaction
        asked = ask(self.contract, described, self.address) if self._addressing else None
        message = wrap(body, (*headers, *beyond, *(() if asked is None else asked.blocks)))
        timeout = timeout or self._timeout
        with tracing.calling(self.contract.name, operation) as trace:
            reply = self._transport.send(self.address, message, {**_http_headers(action), **trace}, timeout)
            if described.output is None and reply.status in (200, 202, 204) and not reply.content.strip():
                return Answer(None)
            return self._answer(described.output, reply, asked)

    def _check_outgoing(self, expected: str, body: etree._Element, headers: Sequence[etree._Element]) -> None:
        if body.tag != expected:
            raise ValueError(f"The body is {body.tag}, the operation takes {expected}")
        blocks = [strip_soap_attributes(deepcopy(header)) for header in headers]
        for element in (*blocks, body) if self._validate else ():
            if violations := self.contract.check(element):
                first = violations[0]
                raise NotSent(first.path, first.rule, first.text)

    def _answer(self, expected: str | None, reply: Reply, asked: Asked | None) -> Answer:
        if not reply.is_xml:
            _no_soap(reply)
        try:
            parts = split(parse(reply.content, self._limits, charset=reply.charset))
        except Refused as error:
            raise InvalidAnswer(f"The answer (HTTP {reply.status}) is not SOAP: {error}") from error
        if asked is not None:
            asked.check(parts.headers)
        body = parts.body
        if body.tag in fault_xml.FAULTS:
            fault = fault_xml.read(body)
            fault.headers = parts.headers
            raise fault
        if body.tag != expected:
            raise InvalidAnswer(f"The answer is {body.tag}, not {expected}")
        if self._validate and (violations := self.contract.check(body)):
            raise InvalidAnswer(f"The answer is not valid: {violations[0]}")
        return Answer(body, parts.headers)


def _no_soap(reply: Reply) -> NoReturn:
    """Tell what an answer that is no SOAP means: 4xx, no service took the request; else the outcome is open."""
    text = f"HTTP {reply.status} without a SOAP answer"
    if 400 <= reply.status < 500:  # noqa: PLR2004 - the range HTTP defines
        raise Unreachable(text)
    raise NoAnswer(text)


def _http_headers(action: str) -> Mapping[str, str]:
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
    correlation_id = structlog.contextvars.get_contextvars().get("correlation_id")
    return headers | {"X-Correlation-Id": correlation_id} if correlation_id else headers
