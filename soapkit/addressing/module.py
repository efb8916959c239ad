"""The module: reads and checks the addressing properties of a request, and writes those of its answer.

Active for messages that carry an addressing header block for this receiver; of others it looks at the number of their
header blocks and no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from lxml import etree

from soapkit.addressing.actions import actions
from soapkit.addressing.editions import BLOCKS, EDITIONS
from soapkit.addressing.later import Answer, Deferred, DuplicateMessageId, Replies, digest
from soapkit.addressing.noted import NOTES, Noted
from soapkit.addressing.problems import Invalid, Problem, Wrong
from soapkit.addressing.properties import Blocks, Properties, addressing_blocks, first_message_id, read, required
from soapkit.addressing.writing import answer_blocks
from soapkit.catalog import Operation
from soapkit.exchange import Exchange
from soapkit.faults import Accepted, Fault, FaultCode
from soapkit.http import media_type
from soapkit.module import Module
from soapkit.observe import tracing
from soapkit.service import Request

_log = structlog.get_logger(__name__)
_OF_OPERATIONS = (FaultCode.CLIENT, FaultCode.SERVER)
"""The codes of faults that an operation may declare; the others are SOAP's own."""


class Addressing(Module):
    """WS-Addressing at the edge. Without ``replies`` only the connection itself is answered, or nobody (``none``).

    With it, an answer may go to a registered address: a request of which nothing is answered on the connection is
    kept, accepted, and run later; of any other the handler runs at once, and an answer that goes elsewhere is kept.
    """

    understands = frozenset(BLOCKS)

    def __init__(self, replies: Replies | None = None) -> None:
        self._replies = replies

    def received(self, exchange: Exchange) -> None:
        """Read the properties; Refused with a predefined fault when they are not as the specification says."""
        blocks = _blocks_of(exchange)
        if not blocks:
            return
        noted = exchange.notes[NOTES] = _glimpse(blocks)
        with_fault = noted.edition, exchange.version
        try:
            noted.properties = read(blocks)
        except Invalid as error:
            raise error.wrong.refused(*with_fault) from None

    def dispatched(self, exchange: Exchange) -> None:
        """Check the action, and that an answer can be sent where it is wanted."""
        known = _known(exchange)
        if known is None:
            return
        wrong = (
            _wrong_action(exchange, known) or _wrong_answer(exchange, known) or self._wrong_endpoint(exchange, known)
        )
        if wrong is not None:
            raise wrong.refused(known.edition, exchange.version)

    def validated(self, exchange: Exchange) -> None:
        """Keep a request of which nothing is answered on the connection: Accepted, once it is kept."""
        known = _known(exchange)
        if known is None or _operation(exchange).output is None:
            return
        noted: Noted = exchange.notes[NOTES]
        ends = known.answered_at(fault=False), known.answered_at(fault=True)
        if any(known.is_anonymous(end) for end in ends) or all(known.is_none(end) for end in ends):
            noted.elsewhere = True  # from here on: what refused the message before is told on the connection
            return
        try:
            self._port().keep(_deferred(exchange, known, noted))
        except DuplicateMessageId:
            wrong = Wrong(Problem.DUPLICATE, "MessageID", "This MessageID came before with another message")
            raise wrong.refused(known.edition, exchange.version) from None
        raise Accepted

    def blocks(self, exchange: Exchange, answer: etree._Element | Fault) -> Sequence[etree._Element]:
        """Write Action, MessageID, RelatesTo and To, and echo the reference parameters of the endpoint answered."""
        noted = exchange.notes.get(NOTES)
        if noted is None:
            blocks = _blocks_at_all(exchange)
            if not blocks:
                return ()
            noted = _glimpse(blocks)
        if isinstance(answer, Fault):
            noted.answer_action = _fault_action(exchange, noted, answer)
        else:
            noted.answer_action = _answer_action(exchange, noted)
        return answer_blocks(
            noted.edition,
            noted.endpoint(fault=isinstance(answer, Fault)),
            action=noted.answer_action,
            message_id=noted.answer_id,
            related=noted.related,
        )

    def sealed(self, exchange: Exchange, envelope: bytes) -> bytes:
        """Return nothing when nothing goes out on this connection: the answer is for nobody, or is kept for a partner.

        One that cannot be kept is answered here after all, rather than lost.
        """
        noted, known = exchange.notes.get(NOTES), _known(exchange)
        if noted is None or known is None or not noted.elsewhere:
            return envelope
        is_fault = exchange.fault is not None
        endpoint = known.answered_at(fault=is_fault)
        if known.is_anonymous(endpoint):
            return envelope
        if not known.is_none(endpoint):
            answer = Answer(envelope, endpoint.address, noted.answer_action, is_fault)
            try:
                self._port().keep(_deferred(exchange, known, noted), answer)
            except Exception as error:  # noqa: BLE001 - the caller is still there, and gets what was done for him
                _log.warning("answer not kept for its address", error=type(error).__name__)
                return envelope
        return b""

    def _wrong_endpoint(self, exchange: Exchange, known: Properties) -> Wrong | None:
        """Refuse an endpoint that nobody registered (and, once the connection is gone, a request that needs more)."""
        for name, endpoint in known.endpoints():
            if known.is_anonymous(endpoint) or known.is_none(endpoint):
                continue
            port, request = self._replies, exchange.request
            if port is None or not port.registered(endpoint.address):
                text = "Answers go back on the connection, or to an address that is registered here"
                return Wrong(Problem.ONLY_ANONYMOUS, name, text, _block(exchange, name))
            if request is not None and request.headers:
                text = "An operation that takes header blocks of its own is answered on the connection only"
                return Wrong(Problem.ONLY_ANONYMOUS, name, text, _block(exchange, name))
        return None

    def _port(self) -> Replies:
        if self._replies is None:
            raise AssertionError("an address elsewhere is refused where no answer can be kept")
        return self._replies


def _blocks_of(exchange: Exchange) -> Blocks:
    parts = exchange.parts
    return addressing_blocks(parts.headers, exchange.version) if parts is not None and parts.headers else ()


def _blocks_at_all(exchange: Exchange) -> Blocks:
    """Return the blocks of a message that may not have been taken apart: its fault relates to it all the same."""
    if exchange.parts is not None or exchange.root is None:
        return _blocks_of(exchange)
    header = exchange.root.find(exchange.version.header)
    return () if header is None else addressing_blocks(header, exchange.version)


def _glimpse(blocks: Blocks) -> Noted:
    return Noted(BLOCKS[blocks[0].tag], first_message_id(blocks))


def _known(exchange: Exchange) -> Properties | None:
    noted: Noted | None = exchange.notes.get(NOTES)
    return None if noted is None else noted.properties


def _operation(exchange: Exchange) -> Operation:
    if exchange.operation is None:
        raise AssertionError("a module's later steps come once the operation is known")
    return exchange.operation


def _block(exchange: Exchange, local: str) -> etree._Element | None:
    return next((block for block in _blocks_of(exchange) if etree.QName(block).localname == local), None)


def _wrong_action(exchange: Exchange, known: Properties) -> Wrong | None:
    """SOAP Binding 1.0, 4.2 and 6.4.1: what HTTP says is Action, and Action is the operation's."""
    operation, block = _operation(exchange), _block(exchange, "Action")
    told = _http_action(exchange)
    if told and told != known.action:
        text = "The SOAPAction and the header Action contradict each other"
        return Wrong(Problem.ACTION_MISMATCH, "Action", text, block, actions=(known.action, told))
    if known.action not in actions(exchange.service.contract, operation, known.edition).accepted:
        text = f"The Action is not that of {operation.name}, which the body asks for"
        return Wrong(Problem.ACTION, "Action", text, block, actions=(known.action,))
    return None


def _http_action(exchange: Exchange) -> str:
    environ = exchange.environ
    plain = str(environ.get("HTTP_SOAPACTION", "")).strip().strip('"')
    return plain or media_type(environ.get("CONTENT_TYPE") or "").action


def _wrong_answer(exchange: Exchange, known: Properties) -> Wrong | None:
    """Core 1.0, 3.4: what is to be answered has a MessageID, that the answer can relate to it."""
    if _operation(exchange).output is None or known.message_id is not None:
        return None
    ends = known.answered_at(fault=False), known.answered_at(fault=True)
    return None if all(known.is_none(end) for end in ends) else required("MessageID")


def _answer_action(exchange: Exchange, noted: Noted) -> str:
    return actions(exchange.service.contract, _operation(exchange), noted.edition).answer


def _fault_action(exchange: Exchange, noted: Noted, fault: Fault) -> str:
    """Return a fault's Action: the predefined faults have one of their own, a declared fault has its operation's.

    Of all others, SOAP's and other modules', the specification says soap/fault (SOAP Binding 1.0, 6).
    """
    if fault.subcode is not None:
        is_ours = etree.QName(fault.subcode).namespace in EDITIONS
        return noted.edition.fault if is_ours else noted.edition.soap_fault
    if exchange.operation is None or fault.detail is None or fault.code not in _OF_OPERATIONS:
        return noted.edition.soap_fault
    declared = actions(exchange.service.contract, exchange.operation, noted.edition).faults
    return declared.get(fault.detail.tag, noted.edition.soap_fault)


def _deferred(exchange: Exchange, known: Properties, noted: Noted) -> Deferred:
    request: Request | None = exchange.request
    if request is None:
        raise AssertionError("only what was dispatched is kept")
    return Deferred(
        service=request.service,
        operation=request.operation.name,
        body=etree.tostring(request.body, encoding="UTF-8", xml_declaration=False, with_tail=False),
        digest=digest(request),
        correlation_id=exchange.correlation_id,
        caller="" if exchange.caller is None else exchange.caller.name,
        version=exchange.version,
        properties=known,
        answer_id=noted.answer_id,
        trace=tracing.position(),
    )
