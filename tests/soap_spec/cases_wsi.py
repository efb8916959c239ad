"""WS-I Basic Profile 1.1: what it asks of messages and receivers, beyond the SOAP 1.1 note."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.soapkit.siebel import ACCOUNTS, UI, called
from tests.soap_spec.case import (
    S11,
    S12,
    UTF_16,
    Case,
    answered,
    envelope,
    place,
    refused,
    sent,
    session,
    strange,
    told,
)
from tests.soap_spec.http import Sent

NS = S11.value
MANDATORY = 'env:mustUnderstand="1"'
SUPPORTED = f"{{{S12.value}}}SupportedEnvelope"
UPGRADE = ((SUPPORTED, S12.envelope), (SUPPORTED, S11.envelope))
RPC = "/services/CutAccountRpc"
RESPONSE = f"{{{UI}}}CUTReceiveAccountDataResponse"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def _message(body: str | None = None, header: str | None = None, **attributes: str) -> str:
    return envelope(place() if body is None else body, header, version=S11, **attributes)


def _good(rule: str, about: str, xml: str) -> Case:
    return answered(f"wsi-bp11-{rule}", about, sent(xml, S11))


def _bad(rule: str, about: str, xml: str, code: str = "Client") -> Case:
    return refused(f"wsi-bp11-{rule}", about, sent(xml, S11), code)


def _call(rule: str, about: str, inside: str, *, good: bool = False) -> Case:
    request = replace(sent(_message(called("CUTReceiveAccountData", inside)), S11), path=RPC)
    if good:
        return answered(f"wsi-bp11-{rule}", about, request, body=RESPONSE, effect=None)
    return refused(f"wsi-bp11-{rule}", about, request, "Client", effect=None)


def _encoded(charset: str, content_type: str, before: bytes = b"") -> Sent:
    body = before + _message(place().replace("Ada", "Zoë")).encode(charset)
    return Sent(body, (("Content-Type", content_type), ("SOAPAction", '""')))


MESSAGES = (
    answered(
        "wsi-bp11-R4001",
        "A byte order mark is accepted.",
        _encoded("utf-8", "text/xml; charset=utf-8", b"\xef\xbb\xbf"),
    ),
    answered("wsi-bp11-R1012-utf-8", "utf-8 is accepted.", _encoded("utf-8", "text/xml")),
    answered("wsi-bp11-R1012-utf-16", "utf-16 is accepted.", _encoded(UTF_16, "text/xml; charset=utf-16")),
    _bad("R1008", "A message has no DTD.", '<!DOCTYPE e SYSTEM "e.dtd">' + _message()),
    _bad("R1009", "It has no processing instructions.", _message(place().replace("</Id>", "</Id><?go now?>", 1))),
    _bad(
        "R1011",
        "The Envelope has no children after the Body.",
        _message().replace("</env:Envelope>", '<y xmlns="urn:y"/></env:Envelope>'),
    ),
    _bad("R1014", "Children of the Body are of a namespace.", _message("<PlaceOrder><Id>1</Id></PlaceOrder>")),
    refused("wsi-bp11-R1015", "A document that is no Envelope makes a fault.", sent(place(), S11), "Client"),
    refused(
        "wsi-bp11-R1015-namespace",
        "So does one of another namespace.",
        sent(_message().replace(NS, "urn:n"), S11),
        "VersionMismatch",
        blocks=UPGRADE,
    ),
    _good("R1013-1", "mustUnderstand is 1.", _message(header=session('env:mustUnderstand="1"'))),
    _good("R1013-0", "Or 0.", _message(header=session('env:mustUnderstand="0"'))),
    _good("R1017", "Nobody needs xsi:type.", _message()),
    _good(
        "R1017-given",
        "One that is right does no harm.",
        _message(place().replace("<PlaceOrder", f'<PlaceOrder {XSI} xsi:type="OrderType"')),
    ),
)

PROCESSING = (
    _bad(
        "R1025",
        "Mandatory blocks are judged before anything is done.",
        _message(place().replace("ADD", "GROW"), strange(MANDATORY)),
        "MustUnderstand",
    ),
    _bad(
        "R1027",
        "One that is not understood makes a MustUnderstand fault.",
        _message(header=strange(MANDATORY)),
        "MustUnderstand",
    ),
    _good("R2739", "Blocks that the WSDL does not name may come.", _message(header=strange() + session())),
    _bad(
        "R2753",
        "Even mandatory ones, which are then not understood.",
        _message(header=session() + strange(MANDATORY)),
        "MustUnderstand",
    ),
    _good("R2751", "Blocks come in any order.", _message(header=strange("", "A") + session() + strange("", "B"))),
)

HTTP = (
    answered("wsi-bp11-R1124", "Success is told by 2xx.", sent(_message(), S11), status=(200,)),
    refused("wsi-bp11-R1126", "A fault is told by 500.", sent(_message(""), S11), "Client", status=(500,)),
    told(
        "wsi-bp11-R2714",
        "A one-way message is answered without an envelope.",
        sent(_message(place().replace("PlaceOrder", "Notify")), S11),
        202,
        effect=True,
    ),
    told(
        "wsi-bp11-R1114",
        "A method other than POST gets 405.",
        replace(sent(_message(), S11), method="PUT"),
        405,
        effect=False,
    ),
    told(
        "wsi-bp11-R1115",
        "A media type other than SOAP's gets 415.",
        Sent(_message().encode(), (("Content-Type", "text/html"), ("SOAPAction", '""'))),
        415,
        effect=False,
    ),
    answered("wsi-bp11-R1140", "HTTP/1.1 is spoken.", sent(_message(), S11)),
    answered("wsi-bp11-R1141", "HTTP/1.0 is spoken.", replace(sent(_message(), S11), version="HTTP/1.0")),
    answered("wsi-bp11-R1120", "Cookies are no condition.", sent(_message(), S11).with_fields(("Cookie", "a=b"))),
    answered(
        "wsi-bp11-R2744",
        "The SOAPAction of the WSDL is right.",
        sent(_message(), S11, action="urn:example:orders:PlaceOrder"),
    ),
)

RPC_LITERAL = (
    _call(
        "R2729",
        "The wrapper of an answer is called like the operation with Response.",
        f"<SiebelMessage>{ACCOUNTS}</SiebelMessage><StatusObject/>",
        good=True,
    ),
    _call(
        "R2735", "Accessors are of no namespace.", f"<ui:SiebelMessage>{ACCOUNTS}</ui:SiebelMessage><ui:StatusObject/>"
    ),
    _call("R2755", "They are called like the parts.", f"<Message>{ACCOUNTS}</Message><StatusObject/>"),
    _call("R2301", "They come in the order of the parts.", f"<StatusObject/><SiebelMessage>{ACCOUNTS}</SiebelMessage>"),
    _call(
        "R2211", "They are never nil.", f'<SiebelMessage>{ACCOUNTS}</SiebelMessage><StatusObject {XSI} xsi:nil="true"/>'
    ),
    _call(
        "R2737",
        "What is inside them is of the namespace of its schema.",
        f"<SiebelMessage>{ACCOUNTS.replace(' xmlns=', ' xmlns:q=')}</SiebelMessage><StatusObject/>",
    ),
)

CASES: tuple[Case, ...] = (*MESSAGES, *PROCESSING, *HTTP, *RPC_LITERAL)
