"""The SOAP 1.1 note, chapters 3 and 4: envelope, header entries, body, faults."""

from __future__ import annotations

from tests.soap_spec.case import (
    NEXT,
    OTHER,
    S11,
    S12,
    Case,
    answered,
    envelope,
    place,
    refused,
    sent,
    session,
    strange,
)
from tests.soap_spec.site import BROKEN, REFUSED

NS = S11.value
SOAP_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
MANDATORY = 'env:mustUnderstand="1"'
FOREIGN = 'xmlns:y="urn:y" y:note="1"'
SUPPORTED = f"{{{S12.value}}}SupportedEnvelope"
UPGRADE = ((SUPPORTED, S12.envelope), (SUPPORTED, S11.envelope))


def _message(body: str | None = None, header: str | None = None, **attributes: str) -> str:
    return envelope(place() if body is None else body, header, version=S11, **attributes)


def _good(rule: str, about: str, xml: str) -> Case:
    return answered(f"soap11-{rule}", about, sent(xml, S11))


def _bad(rule: str, about: str, xml: str, code: str = "Client", *, detail: bool | None = None) -> Case:
    return refused(f"soap11-{rule}", about, sent(xml, S11), code, detail=detail)


def _raw(inside: str) -> str:
    return f'<env:Envelope xmlns:env="{NS}">{inside}</env:Envelope>'


def _role(actor: str) -> str:
    return f'{MANDATORY} env:actor="{actor}"'


DOCUMENT = (
    _bad("3-doctype", "A message has no document type declaration.", "<!DOCTYPE e>" + _message()),
    _bad("3-pi", "Nor processing instructions.", _message(header="<?go now?>")),
    _bad("3-malformed", "It is XML.", _message()[:-3]),
    _good("3-comment", "Comments are ignored.", "<!-- a -->" + _message(header="<!-- b -->")),
)

ENVELOPE = (
    _good("4.1-body-only", "The Header is optional.", _message()),
    _good("4.1-empty-header", "It may be empty.", _message(header="")),
    _bad("4.1-no-body", "The Body is mandatory.", _raw("")),
    _bad("4.1-header-last", "The Header is the first child.", _raw(f"<env:Body>{place()}</env:Body><env:Header/>")),
    _bad("4.1-two-headers", "There is one.", _raw(f"<env:Header/><env:Header/><env:Body>{place()}</env:Body>")),
    _bad("4.1-two-bodies", "There is one Body.", _raw(f"<env:Body>{place()}</env:Body><env:Body/>")),
    _good("4.1-attribute", "Attributes of a namespace are welcome.", _message(Envelope=FOREIGN, Body=FOREIGN)),
    _bad("4.1-attribute-plain", "Others are not.", _message(Envelope='note="1"')),
    _bad("4.1-not-an-envelope", "Another document is no message.", place()),
    refused(
        "soap11-4.1.2-namespace",
        "An envelope of another namespace is of another version.",
        sent(_message().replace(NS, "urn:other"), S11),
        "VersionMismatch",
        blocks=UPGRADE,
    ),
    refused(
        "soap11-4.1.2-no-namespace",
        "So is one of none.",
        sent("<Envelope><Body/></Envelope>", S11),
        "VersionMismatch",
        blocks=UPGRADE,
    ),
)

ENCODING = (
    _good("4.1.1-unclaimed", "No encoding is claimed by an empty list.", _message(Envelope='env:encodingStyle=""')),
    _good(
        "4.1.1-claimed",
        "Old clients claim SOAP's own encoding for data that is literal: it is read as what it is.",
        _message(Envelope=f'env:encodingStyle="{SOAP_ENCODING}"'),
    ),
    _good(
        "4.1.1-body-child",
        "Wherever they claim it.",
        _message(place().replace("<PlaceOrder", f'<PlaceOrder env:encodingStyle="{SOAP_ENCODING}"')),
    ),
    _bad(
        "5-reference",
        "Data that is really encoded, with references instead of values, is not what the contract allows.",
        _message(place().replace("<Id>1</Id>", '<Id href="#1"/>')),
    ),
    _bad(
        "5.4-array",
        "So it is with SOAP's arrays.",
        _message(place().replace("<Line>", f'<Line xmlns:enc="{SOAP_ENCODING}" enc:arrayType="xs:string[1]">', 1)),
    ),
)

HEADER = (
    _good("4.2-unknown", "An entry that is not mandatory may be ignored.", _message(header=strange())),
    _good("4.2-known", "One that is understood is processed.", _message(header=session(MANDATORY))),
    _bad(
        "4.2-invalid",
        "And refused when it is wrong, without a detail.",
        _message(header=session().replace("Token", "T")),
        detail=False,
    ),
    _bad("4.2-unqualified", "Entries are of a namespace.", _message(header="<Entry/>")),
    _good(
        "4.2.1-nested",
        "SOAP's attributes count on entries only.",
        _message(header=strange(content=f'<y xmlns="urn:y" {MANDATORY}/>')),
    ),
    _good(
        "4.2.1-body",
        "Not in the Body.",
        _message(place().replace("<PlaceOrder", f'<PlaceOrder {MANDATORY} env:actor="{OTHER}"')),
    ),
    _bad(
        "4.2.2-absent",
        "An entry without an actor is for the last node.",
        _message(header=strange(MANDATORY)),
        "MustUnderstand",
    ),
    _bad("4.2.2-next", "Every node is the next one.", _message(header=strange(_role(NEXT[S11]))), "MustUnderstand"),
    _good("4.2.2-other", "What others get is not looked at.", _message(header=strange(_role(OTHER)))),
    _good(
        "4.2.2-role-of-12", "An actor of another version is somebody else.", _message(header=strange(_role(NEXT[S12])))
    ),
    _good("4.2.2-known-next", "What is understood is processed for next.", _message(header=session(_role(NEXT[S11])))),
    _bad(
        "4.2.3-mandatory",
        "A mandatory entry that is not understood makes a fault, without a detail.",
        _message(header=strange(MANDATORY)),
        "MustUnderstand",
        detail=False,
    ),
    _good("4.2.3-zero", "0 says that it is not mandatory.", _message(header=strange('env:mustUnderstand="0"'))),
    _bad("4.2.3-illegal", "Anything but 0 and 1 is wrong.", _message(header=strange('env:mustUnderstand="yes"'))),
    _good(
        "4.2.3-attribute-of-12",
        "The attribute of another version means nothing.",
        _message(header=strange(f'xmlns:n="{S12.value}" n:mustUnderstand="true"')),
    ),
    _bad(
        "4.2.3-first",
        "Entries are judged before the Body.",
        _message(place().replace("ADD", "GROW"), strange(MANDATORY)),
        "MustUnderstand",
    ),
    _bad(
        "4.2.3-one-of-many",
        "One is enough.",
        _message(header=session(MANDATORY) + strange() + strange(MANDATORY, "Other")),
        "MustUnderstand",
    ),
)

BODY = (
    _good("4.3-entry", "A Body holds an entry.", _message()),
    _bad("4.3-empty", "This service needs one.", _message("")),
    _bad("4.3-unknown", "It must be known.", _message("<Unknown xmlns='urn:x'/>")),
    _bad("4.3-unqualified", "By its whole name.", _message("<PlaceOrder/>")),
)

FAULTS = (
    _bad("4.4-client", "A wrong message is the client's fault.", _message(place().replace("ADD", "GROW"))),
    refused(
        "soap11-4.4-server", "A server that fails says so.", sent(_message(place(BROKEN)), S11), "Server", effect=True
    ),
    refused(
        "soap11-4.4-detail",
        "What is wrong with the Body is in the detail.",
        sent(_message(place(REFUSED)), S11),
        "Client",
        effect=True,
        detail=True,
        text="The order is refused",
    ),
    _bad(
        "4.4-detail-invalid",
        "A Body that cannot be processed makes a detail, even if there is nothing to say in it.",
        _message(place().replace("ADD", "GROW")),
        detail=True,
    ),
    refused(
        "soap11-4.4-detail-failed",
        "So does a server that fails on it.",
        sent(_message(place(BROKEN)), S11),
        "Server",
        effect=True,
        detail=True,
    ),
    _bad("4.4-detail-unknown", "So does one that nobody takes.", _message("<Unknown xmlns='urn:x'/>"), detail=True),
    _bad("4.4-detail-envelope", "What is wrong with the Envelope makes none.", _raw(""), detail=False),
    _bad(
        "4.4-fault-in",
        "A Fault is no request.",
        _message("<env:Fault><faultcode>env:Client</faultcode><faultstring/></env:Fault>"),
    ),
)

CASES: tuple[Case, ...] = (*DOCUMENT, *ENVELOPE, *ENCODING, *HEADER, *BODY, *FAULTS)
