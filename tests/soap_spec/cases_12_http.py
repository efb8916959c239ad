"""SOAP 1.2 Part 2, chapter 7, and the media type: SOAP 1.2 over HTTP."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.soapkit.siebel import UI, called
from tests.soap_spec.case import LATIN, S12, UTF_16, Case, answered, envelope, place, refused, sent, strange, told
from tests.soap_spec.http import Sent
from tests.soap_spec.site import BROKEN

ACTION = "urn:example:orders:PlaceOrder"
OTHER_ACTION = "urn:example:orders:Echo"
ACCENTED = "Zoë Müller"


def _typed(content_type: str | None, body: bytes | None = None) -> Sent:
    fields = () if content_type is None else (("Content-Type", content_type),)
    return Sent(envelope(place()).encode() if body is None else body, fields)


def _named(charset: str, declared: str = "") -> bytes:
    return (declared + envelope(place().replace("Ada Jones", ACCENTED))).encode(charset)


STATUS = (
    answered("soap12-p2-7.5.2-200", "An answer comes with 200.", sent(envelope(place())), status=(200,)),
    refused("soap12-p2-7.5.2-400", "The sender's fault comes with 400.", sent(envelope("")), "Sender", status=(400,)),
    refused(
        "soap12-p2-7.5.2-500-receiver",
        "The receiver's comes with 500.",
        sent(envelope(place(BROKEN))),
        "Receiver",
        status=(500,),
        effect=True,
    ),
    refused(
        "soap12-p2-7.5.2-500-must-understand",
        "A block that is not understood makes 500.",
        sent(envelope(place(), strange('env:mustUnderstand="1"'))),
        "MustUnderstand",
        status=(500,),
        blocks=((f"{{{S12.value}}}NotUnderstood", "{urn:strange}Strange"),),
    ),
    refused(
        "soap12-p2-7.5.2-500-encoding",
        "An unknown encoding makes 500.",
        sent(envelope(place().replace("<PlaceOrder", '<PlaceOrder env:encodingStyle="urn:e"'))),
        "DataEncodingUnknown",
        status=(500,),
    ),
    told(
        "soap12-p2-7.5.2-202",
        "A message that is answered by nothing is accepted with 202.",
        sent(envelope(place().replace("PlaceOrder", "Notify"))),
        202,
        effect=True,
    ),
    refused(
        "soap12-p2-7.5.2-one-way-fault",
        "One that cannot be processed is a fault all the same.",
        sent(envelope(place().replace("PlaceOrder", "Notify").replace("ADD", "GROW"))),
        "Sender",
    ),
)

MEDIA_TYPE = (
    answered("soap12-p2-7.1.4-plain", "The media type is application/soap+xml.", _typed("application/soap+xml")),
    answered(
        "soap12-p2-7.1.4-case", "Media types have no case.", _typed("Application/SOAP+XML; CHARSET=UTF-8"), version=S12
    ),
    answered(
        "soap12-p2-7.1.4-spaces", "Space around parameters is fine.", _typed("application/soap+xml ;  charset=utf-8 ")
    ),
    answered(
        "soap12-p2-7.1.4-unknown-parameter",
        "Parameters that are not known are ignored.",
        _typed('application/soap+xml; charset=utf-8; x="1"'),
    ),
    *(
        told(
            f"soap12-p2-7.1.4-{name}",
            "Another media type is not supported: 415.",
            _typed(content_type),
            415,
            effect=False,
        )
        for name, content_type in {
            "none": None,
            "empty": "",
            "json": "application/json",
            "octets": "application/octet-stream",
            "multipart": 'multipart/related; type="application/soap+xml"',
            "look-alike": "application/soap+xmlx",
            "form": "application/x-www-form-urlencoded",
        }.items()
    ),
    told(
        "soap12-p2-7.1.4-text-xml",
        "SOAP 1.2 does not travel as text/xml.",
        _typed("text/xml; charset=utf-8"),
        415,
        effect=False,
    ),
    told(
        "soap12-p2-7.1.4-twice",
        "Of two media types none counts that is not SOAP's.",
        _typed("application/json").with_fields(("Content-Type", S12.content_type)),
        400,
        415,
        effect=False,
    ),
)

ACTIONS = (
    answered("soap12-p2-6.5-absent", "The action is optional.", sent(envelope(place()))),
    answered("soap12-p2-6.5-right", "It may name the operation.", sent(envelope(place()), action=ACTION)),
    answered(
        "soap12-p2-6.5-before-charset",
        "Parameters come in any order.",
        _typed(f'application/soap+xml; action="{ACTION}"; charset=utf-8'),
    ),
    answered("soap12-p2-6.5-empty", "An empty one says nothing.", _typed('application/soap+xml; action=""')),
    refused(
        "soap12-p2-6.5-contradicts",
        "It may not contradict the Body.",
        sent(envelope(place()), action=OTHER_ACTION),
        "Sender",
    ),
)

CHARSETS = (
    answered(
        "soap12-p2-A-utf-8",
        "The charset parameter is obeyed: utf-8.",
        _typed("application/soap+xml; charset=utf-8", _named("utf-8")),
    ),
    answered(
        "soap12-p2-A-quoted", "It may be quoted.", _typed('application/soap+xml; charset="UTF-8"', _named("utf-8"))
    ),
    answered(
        "soap12-p2-A-utf-16",
        "utf-16, with a byte order mark.",
        _typed("application/soap+xml; charset=utf-16", _named(UTF_16)),
    ),
    answered(
        "soap12-p2-A-utf-16-unsaid", "A byte order mark says enough.", _typed("application/soap+xml", _named(UTF_16))
    ),
    answered(
        "soap12-p2-A-bom",
        "A byte order mark before utf-8 is no text.",
        _typed("application/soap+xml; charset=utf-8", b"\xef\xbb\xbf" + _named("utf-8")),
    ),
    answered(
        "soap12-p2-A-declared",
        "Without the parameter the XML declaration is believed.",
        _typed("application/soap+xml", _named(LATIN, '<?xml version="1.0" encoding="ISO-8859-1"?>')),
    ),
    answered(
        "soap12-p2-A-windows",
        "windows-1252 is understood.",
        _typed("application/soap+xml; charset=windows-1252", _named("windows-1252")),
    ),
    answered(
        "soap12-p2-A-parameter-wins",
        "The parameter is believed more than the declaration.",
        _typed("application/soap+xml; charset=iso-8859-1", _named(LATIN, '<?xml version="1.0" encoding="UTF-8"?>')),
    ),
    refused(
        "soap12-p2-A-unknown",
        "A charset that is not known is refused.",
        _typed("application/soap+xml; charset=x-martian", _named("utf-8")),
        "Sender",
        status=(400, 415),
    ),
    refused(
        "soap12-p2-A-wrong",
        "Text that is not in the charset it claims is refused.",
        _typed("application/soap+xml; charset=utf-8", _named(LATIN)),
        "Sender",
        status=(400, 415),
    ),
)

METHODS = (
    *(
        told(
            f"soap12-p2-7.4-{method.lower()}",
            "A service is called with POST: another method is not allowed, and told so.",
            replace(sent(envelope(place())), method=method),
            405,
            headers=(("Allow", "POST"),),
            effect=False,
        )
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS")
    ),
    told("soap12-p2-7.4-head", "HEAD is answered without content.", Sent(b"", method="HEAD"), 200),
    told(
        "soap12-p2-7.4-404",
        "Where there is no service, there is none.",
        replace(sent(envelope(place())), path="/nowhere"),
        404,
    ),
)

TRANSPORT = (
    answered("soap12-p2-7.2-http-1.0", "HTTP/1.0 is spoken.", replace(sent(envelope(place())), version="HTTP/1.0")),
    answered("soap12-p2-7.2-chunked", "A message may come in chunks.", replace(sent(envelope(place())), chunked=True)),
    answered("soap12-p2-7.2-continue", "A client may ask first.", replace(sent(envelope(place())), expects=True)),
    answered(
        "soap12-p2-7.2-continue-chunked",
        "And send chunks then.",
        replace(sent(envelope(place())), chunked=True, expects=True),
    ),
    answered(
        "soap12-p2-7.2-soap-action",
        "A SOAPAction that says nothing is no harm.",
        sent(envelope(place())).with_fields(("SOAPAction", '""')),
    ),
    refused(
        "soap12-p2-7.2-empty", "An empty message is the sender's fault.", _typed("application/soap+xml", b""), "Sender"
    ),
)

RPC = "/services/CutAccountRpc"
GET = "<Object_spcId>1-A</Object_spcId><UTCCanonical/>"
CALLS = (
    answered(
        "soap12-p2-4.2-call",
        "A call is an element called like the procedure, and so is its answer.",
        replace(sent(envelope(called("CUTGetAccountData", GET))), path=RPC),
        body=f"{{{UI}}}CUTGetAccountDataResponse",
        effect=None,
    ),
    refused(
        "soap12-p2-4.4-procedure",
        "A procedure that there is not is the sender's fault.",
        replace(sent(envelope(called("CUTDropAccountData", GET))), path=RPC),
        "Sender",
        effect=None,
    ),
    refused(
        "soap12-p2-4.4-arguments",
        "So are arguments that do not fit.",
        replace(sent(envelope(called("CUTGetAccountData", "<Other/>"))), path=RPC),
        "Sender",
        effect=None,
    ),
)

CASES: tuple[Case, ...] = (*CALLS, *STATUS, *MEDIA_TYPE, *ACTIONS, *CHARSETS, *METHODS, *TRANSPORT)
