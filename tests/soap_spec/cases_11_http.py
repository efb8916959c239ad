"""The SOAP 1.1 note, chapters 6 and 7: SOAP 1.1 over HTTP, and calls of procedures as far as they are literal."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.soapkit.siebel import UI, asked, called
from tests.soap_spec.case import LATIN, S11, UTF_16, Case, answered, envelope, place, refused, sent, strange, told
from tests.soap_spec.http import Sent
from tests.soap_spec.site import BROKEN

ACTION = "urn:example:orders:PlaceOrder"
OTHER_ACTION = "urn:example:orders:Echo"
TEXT_XML = ("Content-Type", "text/xml; charset=utf-8")
RPC = "/services/CutAccountRpc"
GET = "<Object_spcId>{}</Object_spcId><UTCCanonical/>"


def _message(body: str | None = None) -> str:
    return envelope(place() if body is None else body, version=S11)


def _fields(*fields: tuple[str, str], body: bytes | None = None) -> Sent:
    return Sent(_message().encode() if body is None else body, fields)


def _typed(content_type: str, body: bytes | None = None) -> Sent:
    return _fields(("Content-Type", content_type), ("SOAPAction", '""'), body=body)


def _named(charset: str, declared: str = "") -> bytes:
    return (declared + _message(place().replace("Ada Jones", "Zoë Müller"))).encode(charset)


def _call(body: str) -> Sent:
    return replace(sent(_message(body), S11), path=RPC)


ACTIONS = (
    answered(
        "soap11-6.1.1-quoted", "SOAPAction names the intent, quoted.", _fields(TEXT_XML, ("SOAPAction", f'"{ACTION}"'))
    ),
    answered("soap11-6.1.1-unquoted", "Old clients forget the quotes.", _fields(TEXT_XML, ("SOAPAction", ACTION))),
    answered(
        "soap11-6.1.1-empty",
        "An empty string says that the address is the intent.",
        _fields(TEXT_XML, ("SOAPAction", '""')),
    ),
    answered("soap11-6.1.1-no-value", "No value says nothing about the intent.", _fields(TEXT_XML, ("SOAPAction", ""))),
    answered("soap11-6.1.1-absent", "A client that sends none is served by its Body.", _fields(TEXT_XML)),
    answered(
        "soap11-6.1.1-case", "Names of header fields have no case.", _fields(TEXT_XML, ("soapaction", f'"{ACTION}"'))
    ),
    refused(
        "soap11-6.1.1-contradicts",
        "An intent that the Body denies is refused.",
        _fields(TEXT_XML, ("SOAPAction", f'"{OTHER_ACTION}"')),
        "Client",
    ),
    refused(
        "soap11-6.1.1-contradicts-unquoted",
        "Without quotes too.",
        _fields(TEXT_XML, ("SOAPAction", OTHER_ACTION)),
        "Client",
    ),
    refused(
        "soap11-6.1.1-unknown",
        "So is one that nobody knows.",
        _fields(TEXT_XML, ("SOAPAction", '"urn:nobody"')),
        "Client",
    ),
)

STATUS = (
    answered("soap11-6.2-200", "An answer comes with 200.", sent(_message(), S11), status=(200,)),
    refused(
        "soap11-6.2-500-client",
        "A fault comes with 500, the client's too.",
        sent(_message(""), S11),
        "Client",
        status=(500,),
    ),
    refused(
        "soap11-6.2-500-server",
        "The server's as well.",
        sent(_message(place(BROKEN)), S11),
        "Server",
        status=(500,),
        effect=True,
    ),
    refused(
        "soap11-6.2-500-malformed",
        "And that of a message that is no XML.",
        _typed("text/xml", b"<"),
        "Client",
        status=(500,),
    ),
    refused("soap11-6.2-500-empty", "Or that is nothing.", _typed("text/xml", b""), "Client", status=(500,)),
    refused(
        "soap11-6.2-500-must-understand",
        "And of a mandatory entry.",
        sent(envelope(place(), strange('env:mustUnderstand="1"'), version=S11), S11),
        "MustUnderstand",
        status=(500,),
    ),
    told(
        "soap11-6.2-202",
        "What is answered by nothing is accepted.",
        sent(_message(place().replace("PlaceOrder", "Notify")), S11),
        202,
        effect=True,
    ),
)

MEDIA_TYPE = (
    answered("soap11-6-text-xml", "The media type is text/xml.", _typed("text/xml")),
    answered("soap11-6-case", "It has no case.", _typed('TEXT/XML;Charset="UTF-8"')),
    *(
        told(f"soap11-6-{name}", "Another is not supported.", _typed(content_type), 415, effect=False)
        for name, content_type in {
            "plain": "text/plain; charset=utf-8",
            "json": "application/json",
            "related": 'multipart/related; type="text/xml"; start="<a>"',
            "of-12": "application/soap+xml; charset=utf-8",
        }.items()
    ),
    answered("soap11-6-utf-8", "Its charset is obeyed: utf-8.", _typed("text/xml; charset=utf-8", _named("utf-8"))),
    answered("soap11-6-utf-16", "utf-16.", _typed("text/xml; charset=utf-16", _named(UTF_16))),
    answered("soap11-6-latin", "iso-8859-1.", _typed("text/xml; charset=ISO-8859-1", _named(LATIN))),
    answered("soap11-6-windows", "windows-1252.", _typed("text/xml; charset=windows-1252", _named("windows-1252"))),
    answered(
        "soap11-6-unsaid",
        "Without one the document says it.",
        _typed("text/xml", _named(LATIN, '<?xml version="1.0" encoding="iso-8859-1"?>')),
    ),
    refused(
        "soap11-6-wrong",
        "Text of another charset is refused.",
        _typed("text/xml; charset=utf-8", _named(LATIN)),
        "Client",
    ),
)

TRANSPORT = (
    answered("soap11-6-http-1.0", "HTTP/1.0 is spoken.", replace(sent(_message(), S11), version="HTTP/1.0")),
    answered("soap11-6-chunked", "Chunks are.", replace(sent(_message(), S11), chunked=True)),
    answered("soap11-6-continue", "A client may ask first.", replace(sent(_message(), S11), expects=True)),
    *(
        told(
            f"soap11-6-{method.lower()}",
            "Calls are POST.",
            replace(sent(_message(), S11), method=method),
            405,
            headers=(("Allow", "POST"),),
            effect=False,
        )
        for method in ("PUT", "DELETE")
    ),
    told(
        "soap11-6.3-m-post",
        "A mandatory extension of HTTP that is not known is refused, never ignored.",
        replace(
            _fields(TEXT_XML, ("Man", '"http://schemas.xmlsoap.org/soap/envelope/"; ns=01'), ("01-SOAPAction", '""')),
            method="M-POST",
        ),
        405,
        501,
        510,
        effect=False,
    ),
)

CALLS = (
    answered(
        "soap11-7.1-call",
        "A call is one element called like the procedure, its parameters inside it; the answer is one too.",
        _call(called("CUTGetAccountData", GET.format("1-A"))),
        body=f"{{{UI}}}CUTGetAccountDataResponse",
        effect=None,
    ),
    refused(
        "soap11-7.1-missing",
        "A parameter that is missing is a fault.",
        _call(called("CUTGetAccountData", "<Object_spcId/>")),
        "Client",
        effect=None,
    ),
    refused(
        "soap11-7.1-unknown",
        "So is a procedure that there is not.",
        _call(called("CUTDropAccountData", "")),
        "Client",
        effect=None,
    ),
    refused(
        "soap11-7.1-other-style",
        "And a document where a call should be.",
        _call(asked("CUTGetAccountData", "<Object_spcId/>")),
        "Client",
        effect=None,
    ),
    refused(
        "soap11-7.1-fault",
        "A procedure that fails answers a fault.",
        _call(called("CUTGetAccountData", GET.format("9-9"))),
        "Server",
        effect=None,
        detail=True,
    ),
    told(
        "soap11-7.1-one-way",
        "A procedure may answer nothing.",
        _call(called("CUTSendAccountData", GET.format("1-A"))),
        202,
    ),
)

CASES: tuple[Case, ...] = (*ACTIONS, *STATUS, *MEDIA_TYPE, *TRANSPORT, *CALLS)
