"""From a call on the wire to an opcode and back: registry, faults, opcode, registry, journal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from lxml import etree

from brm_sim import faults, transactions
from brm_sim.call import Call, Opcode, TransactionCall
from brm_sim.catalog import PriceCatalog
from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import Flist
from brm_sim.flist_json import to_json
from brm_sim.registry import OpcodeSpec, registry
from brm_sim.shapes import NAMESPACE
from brm_sim.store import Store
from simkit.simulation import Called, Simulation, Told
from soapkit.catalog import Operation
from soapkit.faults import Fault, Refused
from soapkit.service import Request

_log = structlog.get_logger(__name__)

_CONTEXT = f"{{{NAMESPACE}}}TransactionContext"
_JOIN = 2
_SECRETS = frozenset({"PASSWD_CLEAR", "SECURITY_ID", "DEBIT_NUM"})
_MASK = "***"


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Answers calls with the opcodes of a table; one for the process, shared by its threads."""

    store: Store
    catalog: PriceCatalog
    simulation: Simulation
    opcodes: Mapping[str, Opcode]

    def handle(self, request: Request) -> etree._Element:
        """Answer a SOAP call. Raises Fault for a refusal, Hangup where a fault drops the answer."""
        spec = registry().by_operation[request.operation.name]
        trans_id = _transaction(request)
        log = _log.bind(opcode=spec.opcode, transaction=trans_id)
        started = time.monotonic()
        try:
            answer = self._answer(spec, request, trans_id)
        except ErrorBuffer as error:
            log.info("opcode refused", errno=error.errno.symbol, field=error.field)
            raise faults.fault_of(error) from error
        log.info("opcode answered", seconds=round(time.monotonic() - started, 6))
        return answer

    def normalise(self, operation: Operation, body: etree._Element) -> None:
        """Put the fields in order; a call that BRM's field check refuses is in the journal too."""
        spec = registry().by_operation[operation.name]
        with self._noting_refusals(spec, structlog.contextvars.get_contextvars().get("correlation_id", "")):
            spec.normalise(body)

    def word_fault(self, error: Exception, request: Request | None) -> Fault:
        """Word any error for the wire; a call that the schema refuses is in the journal as well."""
        if isinstance(error, Refused) and request is not None:
            opcode = registry().by_operation[request.operation.name].opcode
            called = Called(opcode, _transaction(request), request.correlation_id, None)
            self.simulation.refused(called, faults.buffer_of(error, request))
        return faults.word_fault(error, request)

    def run(self, opcode: str, flist: Flist, *, flags: int = 0) -> Flist:
        """Call an opcode from within (a seed), checked like any other; ErrorBuffer for a refusal."""
        spec = registry().by_opcode.get(opcode)
        if spec is None:
            raise _bad_opcode(f"there is no {opcode}")
        return self._call(spec, flags, spec.checked(flist), None, self.simulation.now())

    def _answer(self, spec: OpcodeSpec, request: Request, trans_id: str | None) -> etree._Element:
        with self._noting_refusals(spec, request.correlation_id):
            flags, flist = spec.read(request.body)
        called = Called(spec.opcode, _named(flist, trans_id), request.correlation_id, _shown(flist))
        return self.simulation.run(called, lambda now: self._work(spec, flags, flist, trans_id, now))

    @contextmanager
    def _noting_refusals(self, spec: OpcodeSpec, correlation_id: str) -> Iterator[None]:
        """Write into the journal what is refused before it is run."""
        try:
            yield
        except ErrorBuffer as error:
            self.simulation.refused(Called(spec.opcode, None, correlation_id, None), error)
            raise

    def _work(
        self, spec: OpcodeSpec, flags: int, flist: Flist, trans_id: str | None, now: datetime
    ) -> Told[etree._Element]:
        output = self._call(spec, flags, flist, trans_id, now)
        return Told(spec.answer(output), _shown(output))

    def _call(self, spec: OpcodeSpec, flags: int, flist: Flist, trans_id: str | None, now: datetime) -> Flist:
        if ending := transactions.OPCODES.get(spec.opcode):
            return ending(TransactionCall(spec.opcode, self.store, now, flags, trans_id), flist)
        opcode = self.opcodes.get(spec.opcode)
        if opcode is None:
            raise _bad_opcode(f"{spec.opcode} is not simulated")
        joined, program = _joined(spec.opcode, flist, trans_id), str(flist.get("PROGRAM_NAME") or "")
        with self.store.session(joined, now=now, program=program) as session:
            return opcode(Call(spec.opcode, session, now, flags, self.catalog), flist)


def simulated(opcodes: Mapping[str, Opcode]) -> dict[str, bool]:
    """Every opcode of the contracts, and whether it is simulated."""
    return {name: name in opcodes or name in transactions.OPCODES for name in sorted(registry().by_opcode)}


def _bad_opcode(text: str) -> ErrorBuffer:
    return ErrorBuffer(Errno.BAD_OPCODE, text, location=Location.CM)


def _transaction(request: Request) -> str | None:
    """Read ``<TransactionContext><TRANS_ID>1,0a,0b</TRANS_ID></TransactionContext>``."""
    context = request.headers.get(_CONTEXT)
    return None if context is None else (context.findtext(f"{{{NAMESPACE}}}TRANS_ID") or "").strip()


def _named(flist: Flist, trans_id: str | None) -> str | None:
    """Tell which transaction a call is about, for the journal."""
    given = flist.get("TRANS_ID")
    return given if isinstance(given, str) else trans_id


def _joined(opcode: str, flist: Flist, trans_id: str | None) -> str | None:
    """COMMIT_CUSTOMER opens a transaction of its own unless TXN_FLAGS is 2."""
    alone = opcode == "PCM_OP_CUST_COMMIT_CUSTOMER" and flist.get("TXN_FLAGS") != _JOIN
    return None if alone else trans_id


def _shown(flist: Flist) -> dict[str, Any]:
    shown: dict[str, Any] = _masked(to_json(flist))
    return shown


def _masked(value: Any) -> Any:
    """Hide what must never be kept: passwords and card numbers."""
    if not isinstance(value, dict):
        return value
    return {name: _MASK if name in _SECRETS else _masked(inner) for name, inner in value.items()}
