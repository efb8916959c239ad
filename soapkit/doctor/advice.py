"""What is behind a broken rule, and what to change: by rule, and, where it can be told closer, by symptom."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree


@dataclass(frozen=True, slots=True)
class Advice:
    """``produced_by`` names toolkits and habits, ``change`` is an instruction to whoever wrote the client."""

    produced_by: str
    change: str


_STALE = Advice(
    "stubs generated from an older contract", "Generate the stubs again from ?wsdl; o2c wsdl diff shows what changed"
)

_NONE = Advice("", "")

BY_RULE: Mapping[str, Advice] = {
    "content-type": Advice(
        "curl without -H (application/x-www-form-urlencoded), fetch and axios with a string, CXF and WCF with MTOM "
        "(multipart/related)",
        "Send text/xml; charset=utf-8 with SOAP 1.1, application/soap+xml with SOAP 1.2; switch MTOM off",
    ),
    "content-encoding": Advice(
        "CXF's GZIPOutInterceptor, Spring-WS behind a compressing client", "Send it uncompressed"
    ),
    "charset": Advice(
        "programs that write the platform's character set, such as windows-1252, and declare another",
        "Encode as UTF-8, and say so in the Content-Type and in the XML declaration",
    ),
    "doctype": Advice(
        "XML editors and entity tricks; no SOAP toolkit", "Take the DOCTYPE away; write characters themselves"
    ),
    "well-formed": Advice(
        "messages put together as text", "Let an XML library write the message, or escape & < > in values"
    ),
    "parser-limit": Advice("whole files in one element", "Send less in one value"),
    "max-bytes": Advice("exports sent as one message", "Send several messages"),
    "max-depth": Advice("recursive serialisers", "Send what the contract describes; nothing there nests this deep"),
    "version": Advice(
        "a mistyped namespace of the envelope, or one of a draft (2001, 2002)",
        "Make the namespace of soap:Envelope exactly http://schemas.xmlsoap.org/soap/envelope/ (1.1) or "
        "http://www.w3.org/2003/05/soap-envelope (1.2)",
    ),
    "envelope": Advice(
        "clients that send the bare payload (REST habits), or two elements in the Body (rpc style without wrapper)",
        "Put exactly one element, the operation's, into soap:Body of a soap:Envelope",
    ),
    "operation": Advice(
        "a message for another service, a wrong namespace (PHP SoapClient without WSDL, kSOAP2), or an older contract",
        "Name the operation's element and its namespace as the WSDL does",
    ),
    "soap-action": Advice(
        "copied requests (SoapUI, Postman) whose header was left from another operation",
        "Send the operation's own SOAPAction, or an empty one",
    ),
    "must-understand": Advice(
        "WSS4J, WCF's wsHttpBinding and Spring-WS mark security and addressing headers so",
        "Leave the header out, or have the service configured for it",
    ),
    "addressing-action": Advice(
        "WCF and Metro write wsa:Action by the contract they were made from; hand-set Actions",
        "Make wsa:Action that of the operation in the WSDL, and SOAPAction (or action=) the same or empty",
    ),
    "addressing-reply": Advice(
        "WCF's duplex bindings, Metro and Axis2 with a reply address of their own",
        "Ask for the answer on the connection (ReplyTo anonymous), or have your address registered with the service: "
        "it is refused unless it is",
    ),
    "addressing-required": Advice(
        "hand-written WS-Addressing headers", "Add the header: Action always, MessageID where an answer is expected"
    ),
    "addressing-cardinality": Advice(
        "a handler that adds WS-Addressing headers to those that the stub wrote", "Let one of the two write them"
    ),
    "addressing-epr": Advice("hand-written WS-Addressing headers", "Write one wsa:Address into ReplyTo and FaultTo"),
    "addressing-address": Advice("addresses without scheme", "Write an absolute address: http://…, urn:…"),
    "addressing-header": Advice("templates with an empty wsa: header", "Fill the header in, or leave it out"),
    "addressing-message-id": Advice(
        "a message copied with its MessageID", "Give every message a new MessageID: urn:uuid:…"
    ),
    "addressing-to": Advice("a copied wsa:To", "Write the address of the service into wsa:To"),
    "method": Advice("browsers", "POST the message"),
    "processing-instruction": Advice("XML editors (<?xml-stylesheet …?>)", "Take the processing instruction away"),
    "max-elements": Advice("exports sent as one message", "Send several messages"),
    "max-attributes": Advice("exports sent as one message", "Send several messages"),
    "max-namespaces": Advice(
        "serialisers that declare a namespace on every element again", "Declare namespaces once, on the Envelope"
    ),
    "max-name-length": Advice("values written as element names", "Use the names of the contract"),
    "encoding-style": Advice(
        "rpc/encoded stubs of Axis 1.x, PHP and .NET 1.1", "Generate document/literal stubs from ?wsdl"
    ),
    "cvc-complex-type.2.4": Advice(
        "hand-written messages, maps without order (PHP arrays, JavaScript objects), older contracts",
        "Write elements in the order of the schema, each in its namespace; required ones must be there",
    ),
    "cvc-complex-type.3.2.1": Advice("hand-written messages", "Leave attributes out that the schema does not declare"),
    "cvc-complex-type.4": Advice("hand-written messages", "Add the required attribute"),
    "cvc-datatype-valid.1.2.1": Advice(
        "values written in the language of the user (31.12.2026, 1.234,50), empty elements for absent values",
        "Write dates as 2026-12-31 or 2026-12-31T10:00:00Z, numbers as 1234.50, and leave absent elements out",
    ),
    "cvc-elt.1": _STALE,
    "enumeration": Advice(
        "stubs generated from an older contract, or free text", "Use one of the values that the schema lists"
    ),
    "maxLength": Advice("fields that are longer on your side", "Shorten the value, or ask for a longer field"),
    "minLength": Advice("empty strings for absent values", "Leave the element out when there is no value"),
    "pattern": Advice("values in the form of another system", "Write the value in the form that the schema asks for"),
}
"""By the rule that a refusal names."""

BY_PLACE: Mapping[tuple[str, str], Advice] = {
    ("content-type", "/Envelope"): Advice(
        "a SOAP 1.2 envelope in a client made for SOAP 1.1, or the other way round (SoapUI, Postman, WCF bindings)",
        "Send text/xml with an envelope of http://schemas.xmlsoap.org/soap/envelope/, application/soap+xml with one of "
        "http://www.w3.org/2003/05/soap-envelope",
    ),
}
"""By rule and path."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """``shown`` tells, from the element that breaks a rule, that this advice fits better than the rule's."""

    shown: Callable[[etree._Element], bool]
    advice: Advice


_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_LOCAL_DATE = re.compile(r"\s*(\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}-\d\d-\d\d \d\d:\d\d.*)\s*")
_LOCAL_NUMBER = re.compile(r"\s*-?\d{1,3}(\.\d{3})*,\d+\s*|\s*-?\d{1,3}(,\d{3})+(\.\d+)?\s*")


def _text(element: etree._Element) -> str:
    return element.text or ""


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        lambda element: _text(element).strip() == "?",
        Advice("SoapUI's template: a question mark for every value", "Fill the value in, or take the element out"),
    ),
    Symptom(
        lambda element: element.get("href") is not None,
        Advice(
            "rpc/encoded stubs of Axis 1.x (multiRef)", "Generate document/literal stubs; switch multi-references off"
        ),
    ),
    Symptom(
        lambda element: element.get(_XSI_NIL) is not None,
        Advice("Axis 1.x, .NET and gSOAP write null as xsi:nil", "Leave the element out; it cannot be nil"),
    ),
    Symptom(
        lambda element: bool(_LOCAL_DATE.fullmatch(_text(element))),
        Advice("date written in the user's form", "Write 2026-12-31, or 2026-12-31T10:00:00Z with a time"),
    ),
    Symptom(
        lambda element: bool(_LOCAL_NUMBER.fullmatch(_text(element))),
        Advice("number written in the user's form", "Write it with a point and without thousands: 1234.50"),
    ),
    Symptom(
        lambda element: not etree.QName(element).namespace,
        Advice(
            "stubs or code that leave children without namespace (PHP SoapClient without WSDL, kSOAP2, a default "
            "namespace lost in string concatenation)",
            "Qualify the element with the namespace of the schema: elementFormDefault is qualified",
        ),
    ),
    Symptom(
        lambda element: not len(element) and not _text(element).strip(),
        Advice("mappers that write an empty element for an absent value", "Leave the element out"),
    ),
)
"""Tried in this order."""


def advise(rule: str, element: etree._Element | None, place: str = "") -> Advice:
    """Return the advice for a broken ``rule``; ``element`` is the one that breaks it, where that is known.

    ``place`` is the path that was refused, for rules that mean something else there.
    """
    fitting = (symptom.advice for symptom in SYMPTOMS if element is not None and symptom.shown(element))
    return next(fitting, None) or BY_PLACE.get((rule, place)) or BY_RULE.get(rule, _NONE)
