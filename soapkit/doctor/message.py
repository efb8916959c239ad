"""Looks at one request as the services would, but goes on after the first broken rule, and says what is behind each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from lxml import etree

from soapkit.catalog import Contract
from soapkit.doctor import text
from soapkit.doctor.advice import advise
from soapkit.doctor.finding import Finding, Verdict
from soapkit.doctor.letter import Letter
from soapkit.doctor.mending import mended, typed
from soapkit.envelope import split
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.limits import parse
from soapkit.module import Module
from soapkit.schemas import Violation
from soapkit.server import application
from soapkit.service import Request, Service
from soapkit.transport import call_wsgi

_HERE = "http://doctor.invalid"
_MOST_MENDED = 8
_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}Security"


def examine(letter: Letter, contracts: Sequence[Contract]) -> list[Finding]:
    """Say everything that is wrong with a request to a service of one of ``contracts``.

    The first finding that failed is what a service would have answered; empty of failures, it would have been taken.
    """
    patient = _Patient(letter, contracts)
    return [*patient.known(), *patient.replayed(), *patient.violations()]


class _SecurityElsewhere(Module):
    """Takes a security header for understood: whether it is right depends on users and keys that are not here."""

    understands = frozenset((_SECURITY,))


@dataclass
class _Patient:
    letter: Letter
    contracts: Sequence[Contract]
    root: etree._Element | None = field(init=False)
    body: etree._Element | None = field(init=False)
    contract: Contract | None = field(init=False)

    def __post_init__(self) -> None:
        self.root = _parsed(self.letter)
        self.body = _body(self.root)
        self.contract = self._served()

    def known(self) -> Iterator[Finding]:
        """Say what is not known of the request, so that silence about it is not taken for health."""
        if self.letter.headers is None:
            yield Finding(
                "http", Verdict.UNKNOWN, "There are no HTTP headers: Content-Type and SOAPAction were not looked at"
            )
        if self.root is not None and any(True for _ in self.root.iter(_SECURITY)):
            yield Finding(
                "security",
                Verdict.UNKNOWN,
                "Its security header was not checked: that takes the users and keys of the service",
            )

    def replayed(self) -> Iterator[Finding]:
        """Send it to a service that does nothing, mend what is refused, and send it again."""
        letter = self._complete()
        for _ in range(_MOST_MENDED):
            refusal = self._refusal(letter)
            if refusal is None or _is_of_body(refusal):
                return
            yield from self._told(refusal)
            better = mended(letter, self.root, refusal.rule)
            if better is None or better == letter:
                return
            letter = better

    def violations(self) -> Iterator[Finding]:
        """Say how the body breaks the schema, all of it."""
        if self.body is None or self.contract is None:
            return
        for violation in self.contract.check(self.body):
            yield _violated(violation, self.body)

    def _served(self) -> Contract | None:
        if self.body is None:
            return None
        return next((each for each in self.contracts if each.by_input(self.body.tag)), None)

    def _complete(self) -> Letter:
        if self.letter.headers is None:
            return typed(Letter(self.letter.body, {}, self.letter.method), self.root)
        return self.letter

    def _refusal(self, letter: Letter) -> Refused | None:
        contract = self.contract or self.contracts[0]
        caught: list[Exception] = []

        def word_fault(error: Exception, request: Request | None) -> Fault:  # noqa: ARG001 - the signature of a WordFault
            caught.append(error)
            return Fault(FaultCode.SERVER, "caught")

        service = Service(contract, {each.name: _reached for each in contract.operations}, word_fault=word_fault)
        app = application([service], public_url=_HERE, modules=[_SecurityElsewhere()])
        address = f"{_HERE}/services/{contract.name}"
        call_wsgi(app, letter.method, address, letter.body, letter.headers)
        return next((error for error in caught if isinstance(error, Refused)), None)

    def _told(self, refusal: Refused) -> Iterator[Finding]:
        closer = list(text.mistakes(self.letter.body)) if refusal.rule == "well-formed" else []
        if refusal.rule == "operation" and self.body is not None:
            yield _unknown(refusal, self.body, self.contracts)
        else:
            advice = advise(refusal.rule, None)
            yield Finding(
                refusal.rule,
                Verdict.FAILED,
                refusal.text,
                refusal.path or "",
                refusal.line or 0,
                "" if closer else advice.produced_by,
                "" if closer else advice.change,
            )
        yield from closer


def _reached(request: Request) -> etree._Element | None:
    raise Fault(FaultCode.SERVER, f"{request.operation.name} would have run")


def _parsed(letter: Letter) -> etree._Element | None:
    try:
        return parse(letter.body)
    except Refused:
        return None


def _body(root: etree._Element | None) -> etree._Element | None:
    try:
        return None if root is None else split(root).body
    except Refused:
        return None


def _violated(violation: Violation, body: etree._Element) -> Finding:
    advice = advise(violation.rule, _at(body, violation.path))
    return Finding(
        violation.rule,
        Verdict.FAILED,
        violation.text,
        violation.path,
        violation.line,
        advice.produced_by,
        advice.change,
    )


def _at(body: etree._Element, path: str) -> etree._Element | None:
    """Find the element of a violation's path, ``/Order/Line[2]/Qty``."""
    node: etree._Element | None = body
    for step in path.split("/")[2:]:
        name, _, position = step.rstrip("]").partition("[")
        same = [] if node is None else [child for child in node if etree.QName(child).localname == name]
        node = same[int(position or 1) - 1] if len(same) >= int(position or 1) else None
    return node


def _unknown(refusal: Refused, body: etree._Element, contracts: Sequence[Contract]) -> Finding:
    """Say what was probably meant: the same name in another namespace, or a name that is spelled almost the same."""
    known = {etree.QName(name).localname: (name, contract) for contract in contracts for name in contract.inputs}
    close = get_close_matches(etree.QName(body).localname, known, n=1, cutoff=0.7)
    advice = advise(refusal.rule, None)
    change = advice.change
    if close:
        name, contract = known[close[0]]
        change = f"{contract.name} takes {close[0]} of the namespace {etree.QName(name).namespace}: was that meant?"
    return Finding(
        refusal.rule, Verdict.FAILED, refusal.text, refusal.path or "", refusal.line or 0, advice.produced_by, change
    )


def _is_of_body(refusal: Refused) -> bool:
    return refusal.path is not None and not refusal.path.startswith("/Envelope")
