"""Sends requests over connections that are kept, as toolkits do, and judges what comes back."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from soapkit.catalog import Contract
from tests.attacks.answers import leaks, read_answer, read_fault
from tests.attacks.wire import Reply
from tests.fuzz.mutations import Message

_CHARSET = re.compile(r"charset=([\w-]+)", re.IGNORECASE)
_PATIENCE = 30
"""Seconds without a byte before a server is said to hang."""
_OWN_FAILURES = ("an internal error", "The simulator failed", "failed to process")
"""What a product says when it did not expect what came: a caller must not be able to bring that about."""


@dataclass
class Caller:
    """One caller of one server; its connection is opened again when the server closes it."""

    url: str
    _connection: http.client.HTTPConnection | None = None

    def call(self, message: Message) -> Reply:
        """Send a request; its answer. TimeoutError when the server hangs."""
        for again in (True, False):
            try:
                return self._call(message)
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if not again:
                    raise
        raise AssertionError("two turns are enough")

    def _call(self, message: Message) -> Reply:
        if self._connection is None:
            at = urlsplit(self.url)
            self._connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=_PATIENCE)
        headers = {name: value.encode("latin-1") for name, value in message.headers.items()}
        self._connection.request("POST", message.path, message.body, headers)
        answer = self._connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def judge(reply: Reply, message: Message, contract: Contract) -> None:
    """Accept a valid answer or a valid fault that gives nothing away; AssertionError for anything else."""
    if reply.status in (200, 202):
        read_answer(reply, contract)
    else:
        told = read_fault(reply, contract)
        assert not any(said in told.text for said in _OWN_FAILURES), f"the product did not expect this: {reply}"
    asked = message.body + repr(message.headers).encode()
    assert leaks(reply, asked) == [], str(reply)


@dataclass
class Tally:
    """How far into the product the requests could get."""

    sent: int = 0
    well_formed: int = 0
    valid: int = 0
    answered: int = 0

    def count(self, message: Message, contract: Contract, reply: Reply) -> None:
        """Count a request."""
        self.sent += 1
        self.answered += reply.status in (200, 202)
        root = _root(message)
        if root is not None:
            self.well_formed += 1
            self.valid += _is_valid(root, contract)

    def __str__(self) -> str:
        return f"sent {self.sent}, well-formed {self.well_formed}, valid {self.valid}, answered {self.answered}"


def _root(message: Message) -> etree._Element | None:
    said = _CHARSET.search(message.headers.get("Content-Type", ""))
    try:
        parser = etree.XMLParser(encoding=said[1] if said else None, resolve_entities=False, no_network=True)
        return etree.fromstring(message.body, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError):
        return None


def _is_valid(root: etree._Element, contract: Contract) -> bool:
    bodies = [node for node in root if isinstance(node.tag, str) and etree.QName(node).localname == "Body"]
    inside = [each for body in bodies for each in body if isinstance(each.tag, str)]
    return len(inside) == 1 and inside[0].tag in contract.inputs and contract.check(inside[0]) == ()
