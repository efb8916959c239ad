"""One BRM over its opcode web services, as an XA resource (port ``Brm``).

Opcodes are called one by one and never again: whether to try again is the order's business. What a broken call means
depends on whether it was sent, so the two are told apart here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar, cast

from lxml import etree

from gateway.adapters import brm_errors, flist_xml
from gateway.domain.brm import Flist
from gateway.errors import BrmRefused, Disconnected, GatewayError, InDoubt, TransactionLost, Unavailable
from gateway.messaging.xa import LOCK, Exchange, Mode, Recovered, Settled, Standing, Vote
from gateway.transforms.reading import Element
from soapkit.catalog import load
from soapkit.client import Client, InvalidAnswer, NoAnswer, NotSent, RemoteFault, Timeout, Unreachable
from soapkit.wss.credentials import Credentials

GROUPS: Sequence[tuple[str, str]] = (
    ("PCM_OP_TRANS_", "BRMTXNServices_v2"),
    ("PCM_OP_CUSTCARE_", "BRMCustcareServices_v2"),
    ("PCM_OP_CUST_", "BRMCustServices_v2"),
    ("PCM_OP_SUBSCRIPTION_", "BRMSubscriptionServices_v2"),
    ("PCM_OP_", "BRMBaseServices_v2"),
)
"""Which service serves an opcode: the first prefix that fits."""

READ_WRITE = 65536
FORCE = 1
"""Flag of TRANS_COMMIT and TRANS_ABORT: an operator's heuristic decision about a prepared transaction."""
_HANDLE = "0.0.0.1 /poid -1 0"
_COMMIT = {
    "0": Settled.COMMITTED,
    "6": Settled.HEURISTICALLY_ABORTED,
    "7": Settled.HEURISTICALLY_COMMITTED,
}
_ABORT = {
    "0": Settled.ABORTED,
    "6": Settled.HEURISTICALLY_ABORTED,
    "7": Settled.HEURISTICALLY_COMMITTED,
}
_OVER = "PIN_ERR_TRANS_NOT_OPEN"
"""The answer to ABORT of a transaction that BRM has committed and not forgotten."""
_VOTE = {"0": Vote.READY, "3": Vote.READ_ONLY}
_STANDING = {
    "1": Standing.PREPARED,
    "2": Standing.HEURISTICALLY_COMMITTED,
    "3": Standing.HEURISTICALLY_ABORTED,
}


_Meaning = TypeVar("_Meaning")


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: for a connection, for an answer, for a locked account; and BRM's limit for an unprepared transaction."""

    connect: float = 5.0
    read: float = 60.0
    lock: float = 15.0
    transaction: float = 300.0


@lru_cache(maxsize=256)
def operation_of(opcode: str) -> str:
    """Return the operation of an opcode: ``PCM_OP_CUST_SET_STATUS`` → ``pcmOpCustSetStatus``."""
    first, *rest = opcode.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


class BrmServices:
    """The opcode services at ``<url>/services/<Group>_v2``; shared by threads."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        mode: Mode = Mode.XA,
        waits: Waits | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self._name = name
        self._mode = mode
        self._waits = waits or Waits()
        timeout = Timeout(connect=self._waits.connect, read=self._waits.read)
        self._lock_timeout = Timeout(connect=self._waits.connect, read=self._waits.lock)
        self._clients: Mapping[str, Client] = {
            group: Client(
                load(f"wsdl/brm/{group}.wsdl"), f"{url}/services/{group}", timeout=timeout, credentials=credentials
            )
            for _, group in GROUPS
        }

    @property
    def name(self) -> str:
        """The application id (``BRM_01``)."""
        return self._name

    @property
    def mode(self) -> Mode:
        """What it can promise."""
        return self._mode

    # ---- opcodes

    def call(
        self, transaction: str | None, opcode: str, flist: Flist, flags: int = 0, exchange: Exchange | None = None
    ) -> Flist:
        """Call an opcode in a transaction (None: by itself).

        Raises BrmRefused (the order is at fault), Unavailable (BRM is), TransactionLost, Disconnected (no answer).
        """
        body, told = _request(opcode, flist, flags)
        try:
            output = self._sent(opcode, body, transaction, flags)
        except NotSent as error:
            told(exchange, None)
            raise brm_errors.of_contract(error, opcode) from None  # its text quotes the value, which is not for the log
        except RemoteFault as fault:
            told(exchange, fault.detail)
            raise brm_errors.of_fault(fault, opcode) from fault
        except (Unreachable, NoAnswer) as error:
            told(exchange, None)
            raise Disconnected(f"{opcode}: {self._name} does not answer") from error
        told(exchange, output)
        answer = flist_xml.read(output)
        refused = brm_errors.of_validation(answer, opcode)
        if refused is not None:
            raise refused
        return answer

    def _sent(self, opcode: str, body: etree._Element, transaction: str | None, flags: int) -> etree._Element:
        client = self._clients[_group(opcode)]
        headers = [] if transaction is None else [_context(transaction)]
        timeout = self._lock_timeout if flags & LOCK else None
        try:
            answer = client.call(operation_of(opcode), body, headers=headers, timeout=timeout)
        except InvalidAnswer as error:
            raise Unavailable(f"{opcode}: {self._name} answered against its contract") from error
        if answer is None:
            raise Unavailable(f"{opcode}: {self._name} answered nothing")
        return answer[0]

    # ---- XA

    def open(self, transaction: str) -> None:
        """TRANS_OPEN, read-write."""
        timeout = {"TRANS_TIMEOUT_IN_SECS": int(self._waits.transaction)}
        self.call(None, "PCM_OP_TRANS_OPEN", {**_named(transaction), **timeout}, READ_WRITE)

    def prepare(self, transaction: str) -> Vote:
        """TRANS_PREPARE."""
        return self._result("PCM_OP_TRANS_PREPARE", transaction, _VOTE)

    def commit(self, transaction: str, *, force: bool = False) -> Settled:
        """TRANS_COMMIT; InDoubt when it may have arrived without an answer, TransactionLost when BRM knows of none."""
        try:
            return self._result("PCM_OP_TRANS_COMMIT", transaction, _COMMIT, FORCE if force else 0)
        except TransactionLost:
            raise
        except Disconnected as error:
            if isinstance(error.__cause__, Unreachable):
                raise
            raise InDoubt(f"{self._name} did not say whether it committed") from error
        except Unavailable as error:
            raise InDoubt(f"{self._name} did not say whether it committed: {error.text}") from error

    def abort(self, transaction: str, *, force: bool = False) -> Settled:
        """TRANS_ABORT; of an unknown transaction, ABORTED, of a committed one, COMMITTED."""
        try:
            return self._result("PCM_OP_TRANS_ABORT", transaction, _ABORT, FORCE if force else 0)
        except BrmRefused as error:
            if error.code != _OVER or force:
                raise
            return Settled.COMMITTED

    def recover(self) -> Sequence[Recovered]:
        """TRANS_RECOVER."""
        answer = self.call(None, "PCM_OP_TRANS_RECOVER", {"POID": _HANDLE})
        rows = cast("dict[int, Flist]", answer.get("RESULTS") or {}).values()
        return [
            Recovered(
                str(row["TRANS_ID"]), _STANDING[str(row["STATUS"])], datetime.fromisoformat(str(row["CREATED_T"]))
            )
            for row in rows
        ]

    def forget(self, transaction: str) -> None:
        """TRANS_FORGET."""
        self.call(None, "PCM_OP_TRANS_FORGET", _named(transaction))

    def _result(self, opcode: str, transaction: str, meanings: Mapping[str, _Meaning], flags: int = 0) -> _Meaning:
        """Return what RESULT means; one that means nothing leaves open what was done, as no answer would."""
        result = str(self.call(None, opcode, _named(transaction), flags).get("RESULT"))
        if result not in meanings:
            raise Unavailable(f"{opcode}: {self._name} answered RESULT {result}, which means nothing here")
        return meanings[result]


Told = Callable[[Exchange | None, Element | None], None]


def _request(opcode: str, flist: Flist, flags: int) -> tuple[etree._Element, Told]:
    body = etree.Element(flist_xml.name(operation_of(opcode)), nsmap={"brm": flist_xml.NAMESPACE})
    etree.SubElement(body, flist_xml.name("flags")).text = str(flags)
    given = etree.SubElement(body, flist_xml.name(f"{opcode}_inputFlist"))
    flist_xml.append(given, flist)

    def told(exchange: Exchange | None, answer: etree._Element | None) -> None:
        if exchange is not None:
            exchange(opcode, etree.tostring(given), b"" if answer is None else etree.tostring(answer, with_tail=False))

    return body, told


def _group(opcode: str) -> str:
    for prefix, group in GROUPS:
        if opcode.startswith(prefix):
            return group
    raise GatewayError(f"{opcode} is no opcode of BRM")


def _context(transaction: str) -> etree._Element:
    context = etree.Element(flist_xml.name("TransactionContext"), nsmap={"brm": flist_xml.NAMESPACE})
    etree.SubElement(context, flist_xml.name("TRANS_ID")).text = transaction
    return context


def _named(transaction: str) -> Flist:
    return {"POID": _HANDLE, "TRANS_ID": transaction}
