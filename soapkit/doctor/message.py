"""Looks at one request as the services would, but goes on after the first broken rule, and says what is behind each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import urlsplit

from lxml import etree

from soapkit.addressing.problems import Problem
from soapkit.attributes import strip_stray_attributes
from soapkit.catalog import Contract
from soapkit.doctor import text
from soapkit.doctor.advice import advise
from soapkit.doctor.finding import Finding, Verdict
from soapkit.doctor.letter import Letter
from soapkit.doctor.mending import mended, typed
from soapkit.doctor.order import arranged
from soapkit.envelope import split
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.http import MediaType, media_type
from soapkit.limits import parse
from soapkit.module import Module
from soapkit.schemas import Violation
from soapkit.server import application
from soapkit.service import Request, Service
from soapkit.transport import call_wsgi

_HERE = "http://doctor.invalid"
_MOST_MENDED = 8
_OUT_OF_ORDER = "cvc-complex-type.2.4"
_ANY_ORDER = "The elements are not in the order of the schema; this service puts them in order, most others do not"
_OF_TEXT = ("well-formed", "doctype", "charset")
_BY_SETTINGS = (Problem.ONLY_ANONYMOUS.rule,)
"""Rules that a service may be configured for."""
_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}Security"


def examine(
    letter: Letter, contracts: Sequence[Contract], in_any_order: Callable[[Contract], bool] = lambda _: False
) -> list[Finding]:
    """Say everything that is wrong with a request to a service of one of ``contracts``.

    The first finding that failed is what a service would have answered; empty of failures, it would have been taken.
    ``in_any_order`` tells contracts whose services put elements in order themselves.
    """
    patient = _Patient(letter, contracts, in_any_order)
    return [*patient.known(), *patient.replayed(), *patient.violations()]


class _SecurityElsewhere(Module):
    """Takes a security header for understood: whether it is right depends on users and keys that are not here."""

    understands = frozenset((_SECURITY,))


@dataclass
class _Patient:
    """``root``, ``body`` and ``contract`` are there as soon as the request, mended perhaps, can be read so far."""

    letter: Letter
    contracts: Sequence[Contract]
    in_any_order: Callable[[Contract], bool]
    root: etree._Element | None = None
    body: etree._Element | None = None
    contract: Contract | None = None

    def __post_init__(self) -> None:
        self._read(self.letter)

    def known(self) -> Iterator[Finding]:
        """Say what is not known of the request, so that silence about it is not taken for health."""
        if self.letter.headers is None:
            yield Finding(
                "http", Verdict.UNKNOWN, "There are no HTTP headers: Content-Type and SOAPAction were not looked at"
            )
        if self.letter.method != "POST":
            yield _not_posted(self.letter.method)
        if self.root is not None and any(True for _ in self.root.iter(_SECURITY)):
            yield Finding(
                "security",
                Verdict.UNKNOWN,
                "Its security header was not checked: that takes the users and keys of the service",
            )

    def replayed(self) -> Iterator[Finding]:
        """Send it to a service that does nothing, mend what is refused, and send it again."""
        letter = self._complete()
        if self.letter.method != "POST" and not letter.body.strip():
            return
        for _ in range(_MOST_MENDED):
            refusal = self._refusal(letter)
            if refusal is None or self._is_of_body(refusal):
                return
            yield from self._told(refusal, letter)
            better = mended(letter, self.root, refusal.rule)
            if better is None or better == letter:
                return
            letter = better
            self._read(letter)

    def violations(self) -> Iterator[Finding]:
        """Say how the body breaks the schema, all of it."""
        body, contract = self.body, self.contract
        if body is None or contract is None:
            return
        found = contract.check(body)
        if found and strip_stray_attributes(body):  # SOAP has them ignored, and so do services
            found = contract.check(body)
        if any(violation.rule == _OUT_OF_ORDER for violation in found):
            in_order = arranged(contract, body)
            left = contract.check(in_order)
            if self.in_any_order(contract) and len(left) < len(found):
                yield Finding("order", Verdict.WARNING, _ANY_ORDER, found[0].path, found[0].line)
                body, found = in_order, left
            elif not left:
                yield _unordered(found[0])
                return
        for violation in found:
            yield _violated(violation, body)

    def _read(self, letter: Letter) -> None:
        """Read as much as can be read; what was read of the request before stays."""
        if self.body is None and (root := _parsed(letter)) is not None:
            self.root, self.body = root, _body(root)
            self.contract = self._served()

    def _served(self) -> Contract | None:
        """Find the service that was meant: several may take one body, and then address or action tell."""
        if self.body is None:
            return None
        taking = [each for each in self.contracts if each.by_input(self.body.tag)]
        named = urlsplit(self.letter.target).path.rpartition("/")[2]
        action = (
            self.letter.header("soapaction").strip().strip('"') or media_type(self.letter.header("content-type")).action
        )
        meant = (
            *(each for each in taking if each.name == named),
            *(each for each in taking if action and each.inputs[self.body.tag].soap_action == action),
            *taking,
        )
        return next(iter(meant), None)

    def _is_of_body(self, refusal: Refused) -> bool:
        """Tell whether a refusal is about the contents of the body: those are looked at apart."""
        return self.body is not None and not (refusal.path or "/Envelope").startswith("/Envelope")

    def _complete(self) -> Letter:
        posted = replace(self.letter, method="POST")
        return typed(replace(posted, headers={}), self.root) if self.letter.headers is None else posted

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

    def _told(self, refusal: Refused, letter: Letter) -> Iterator[Finding]:
        closer = list(text.mistakes(letter.body)) if refusal.rule in _OF_TEXT else []
        if refusal.rule == "operation" and self.body is not None:
            yield _unknown(refusal, self.body, self.contracts)
        else:
            advice = advise(refusal.rule, self._referring(refusal), place=refusal.path or "")
            yield Finding(
                refusal.rule,
                Verdict.WARNING if refusal.rule in _BY_SETTINGS else Verdict.FAILED,
                refusal.text,
                refusal.path or "",
                refusal.line or 0,
                "" if closer else advice.produced_by,
                "" if closer else advice.change,
            )
        yield from closer

    def _referring(self, refusal: Refused) -> etree._Element | None:
        """Find what shows that a serialiser of references made an envelope wrong."""
        if refusal.rule != "envelope" or self.root is None:
            return None
        return next((each for each in self.root.iter() if each.get("href")), None)


def _reached(request: Request) -> etree._Element | None:
    raise Fault(FaultCode.SERVER, f"{request.operation.name} would have run")


def _parsed(letter: Letter) -> etree._Element | None:
    try:
        return parse(letter.body, charset=_media(letter).charset)
    except Refused:
        return None


def _media(letter: Letter) -> MediaType:
    return media_type(letter.header("content-type"))


def _body(root: etree._Element | None) -> etree._Element | None:
    try:
        return None if root is None else split(root).body
    except Refused:
        return None


def _not_posted(method: str) -> Finding:
    return Finding(
        "method",
        Verdict.FAILED,
        f"It is a {method} request; operations are called with POST",
        produced_by="browsers, and clients that follow a redirect (POST becomes GET)",
        change="POST to the address that the WSDL names, http or https as it stands there",
    )


def _unordered(violation: Violation) -> Finding:
    """Say of a body that nothing but the order of its elements is wrong."""
    advice = advise(violation.rule, None)
    change = "Only the order is wrong: put the elements in that of the schema; nothing is missing, nothing too much"
    where, line = violation.path, violation.line
    return Finding(violation.rule, Verdict.FAILED, violation.text, where, line, advice.produced_by, change)


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
