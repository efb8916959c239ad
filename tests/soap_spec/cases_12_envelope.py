"""SOAP 1.2 Part 1, chapter 5.1 to 5.3: what an envelope, a header block and a body may be."""

from __future__ import annotations

from tests.soap_spec.case import (
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

NS = S12.value
SOAP_ENCODING = "http://www.w3.org/2003/05/soap-encoding"
NO_ENCODING = f"{NS}/encoding/none"
FOREIGN = 'xmlns:y="urn:y" y:note="1"'


def _good(rule: str, about: str, xml: str) -> Case:
    return answered(f"soap12-p1-{rule}", about, sent(xml))


def _bad(rule: str, about: str, xml: str, code: str = "Sender") -> Case:
    return refused(f"soap12-p1-{rule}", about, sent(xml), code)


def _raw(inside: str, attributes: str = "") -> str:
    return f'<env:Envelope xmlns:env="{NS}"{attributes}>{inside}</env:Envelope>'


def _body() -> str:
    return f"<env:Body>{place()}</env:Body>"


def _with(old: str, new: str) -> str:
    """Write a good message with something put in the place of ``old``."""
    message = envelope(place(), "")
    assert old in message
    return message.replace(old, new, 1)


DOCUMENT = (
    _bad("5-doctype", "A message has no document type declaration.", "<!DOCTYPE e>" + envelope(place())),
    _bad(
        "5-doctype-entity",
        "Nor one that declares entities.",
        '<!DOCTYPE e [<!ENTITY a "b">]>' + envelope(place()),
    ),
    _bad("5-pi-before", "A message has no processing instruction.", "<?go now?>" + envelope(place())),
    _bad("5-pi-header", "Not in the Header either.", envelope(place(), "<?go now?>")),
    _bad("5-pi-body", "Nor in the Body.", envelope(place().replace("</Id>", "</Id><?go now?>", 1))),
    _bad("5-pi-after", "Nor behind the Envelope.", envelope(place()) + "<?go now?>"),
    _good("5-declaration", "An XML declaration is none.", '<?xml version="1.0"?>' + envelope(place())),
    _good(
        "5-pi-look-alike",
        "What looks like one in character data is none.",
        envelope(place().replace("Mobile", "<![CDATA[<?go now?>]]>", 1)),
    ),
    _good("5-comment-before", "A comment before the Envelope is ignored.", "<!-- a -->" + envelope(place())),
    _good("5-comment-envelope", "So it is between Header and Body.", _with("<env:Body>", "<!-- b --><env:Body>")),
    _good("5-comment-header", "And in the Header.", envelope(place(), "<!-- c -->")),
    _good("5-comment-body", "And in the Body, before and after its child.", envelope(f"<!-- d -->{place()}<!-- e -->")),
    _good("5-comment-inside", "And in the midst of a value.", envelope(place().replace("Mob", "M<!-- f -->ob", 1))),
    _good("5-cdata", "CDATA is text.", envelope(place().replace("Mobile", "<![CDATA[Mob]]>ile", 1))),
    _good(
        "5-spaces",
        "White space between the parts of an envelope does not count.",
        _raw(f"\n  <env:Header>\n\t{session()}\r\n</env:Header>\n\n  <env:Body>\n {place()}\n </env:Body>\n") + "\n",
    ),
    _good(
        "5-references",
        "Characters may be written by number, and XML's own by name.",
        envelope(place().replace("Mobile", "M&#111;bile &amp; &#x4D;&lt;", 1)),
    ),
    _good(
        "5-declaration-whole",
        "An XML declaration may say all it can.",
        '<?xml version="1.0" encoding="utf-8" standalone="yes"?>' + envelope(place()),
    ),
    _bad("5-malformed", "What is no XML is the sender's mistake.", envelope(place())[:-3]),
    _bad("5-trailing", "So is text behind the Envelope.", envelope(place()) + "x"),
    _bad("5-namespaces", "And a prefix that nothing declares.", envelope(place(), "<z:Block/>")),
)

ENVELOPE = (
    _bad("5.1-no-body", "The Body is mandatory.", _raw("")),
    _bad("5.1-header-only", "A Header alone is no message.", _raw("<env:Header/>")),
    _bad("5.1-header-after-body", "The Header comes first.", _raw(f"{_body()}<env:Header/>")),
    _bad("5.1-two-headers", "There is one Header at most.", _raw(f"<env:Header/><env:Header/>{_body()}")),
    _bad("5.1-two-bodies", "There is one Body.", _raw(_body() + _body())),
    _bad("5.1-sibling-after", "Nothing follows the Body.", _raw(f'{_body()}<y:After xmlns:y="urn:y"/>')),
    _bad("5.1-sibling-before", "Nothing but the Header precedes it.", _raw(f'<y:Before xmlns:y="urn:y"/>{_body()}')),
    _bad("5.1-fault-child", "A Fault is no child of the Envelope.", _raw("<env:Fault/>")),
    _bad("5.1-unqualified-body", "A Body in no namespace is not the Body.", _raw(f"<Body>{place()}</Body>")),
    _bad(
        "5.1-body-of-11",
        "Nor is the Body of another version.",
        _raw(f'<s:Body xmlns:s="{S11.value}">{place()}</s:Body>'),
    ),
    _bad("5.1-text", "There is no text between the parts.", _raw(f"text{_body()}")),
    _bad("5.1-text-after", "Not behind the Body either.", _raw(f"{_body()}text")),
    _good("5.1-attribute", "An attribute of a namespace is welcome.", envelope(place(), Envelope=FOREIGN)),
    _bad("5.1-attribute-plain", "One of no namespace is not.", envelope(place(), Envelope='note="1"')),
    _good("5.1-xml-lang", "An attribute of XML is of a namespace.", envelope(place(), Envelope='xml:lang="en"')),
    _good(
        "5.1-schema-location",
        "Where a schema may lie is told and not looked for.",
        envelope(
            place(),
            Envelope='xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a http://a.example/b"',
        ),
    ),
    _good("5.1-prefix", "Any prefix will do.", envelope(place()).replace("env:", "q:").replace(":env", ":q")),
    _good("5.1-default", "So will none.", envelope(place()).replace("env:", "").replace("xmlns:env", "xmlns")),
)

ENCODING = (
    _bad("5.1.1-envelope", "The Envelope names no encoding.", envelope(place(), Envelope=f'env:encodingStyle="{NS}"')),
    _bad("5.1.1-header", "Nor does the Header.", envelope(place(), "", Header=f'env:encodingStyle="{NO_ENCODING}"')),
    _bad("5.1.1-body", "Nor the Body.", envelope(place(), Body=f'env:encodingStyle="{NO_ENCODING}"')),
    _bad(
        "5.1.1-unknown",
        "Data in an encoding that is not known makes a fault of its own.",
        envelope(place().replace("<PlaceOrder", '<PlaceOrder env:encodingStyle="urn:encoding"')),
        "DataEncodingUnknown",
    ),
    _bad(
        "5.1.1-soap-encoding",
        "SOAP's own encoding is not known here: all data is literal.",
        envelope(place().replace("<PlaceOrder", f'<PlaceOrder env:encodingStyle="{SOAP_ENCODING}"')),
        "DataEncodingUnknown",
    ),
    _bad(
        "5.1.1-block",
        "A header block that is processed may be in one too.",
        envelope(place(), session(f'env:encodingStyle="{SOAP_ENCODING}"')),
        "DataEncodingUnknown",
    ),
    _good(
        "5.1.1-none",
        "No encoding is claimed by an URI of its own.",
        envelope(place().replace("<PlaceOrder", f'<PlaceOrder env:encodingStyle="{NO_ENCODING}"')),
    ),
    _good(
        "5.1.1-ignored-block",
        "The encoding of a block for somebody else does not matter.",
        envelope(place(), strange(f'env:encodingStyle="urn:encoding" env:role="{OTHER}"')),
    ),
)

HEADER = (
    _good("5.2-empty", "A Header may be empty.", envelope(place(), "")),
    _good("5.2-absent", "Or absent.", envelope(place())),
    _good("5.2-attribute", "It may have attributes of a namespace.", envelope(place(), "", Header=FOREIGN)),
    _bad("5.2-attribute-plain", "But no others.", envelope(place(), "", Header='note="1"')),
    _bad("5.2-unqualified", "Header blocks are of a namespace.", envelope(place(), "<Block/>")),
    _bad("5.2-text", "There is no text between them.", envelope(place(), "text")),
    _good("5.2-many", "There may be many.", envelope(place(), "".join(strange("", f"B{n}") for n in range(30)))),
    _bad(
        "5.2-each",
        "Each of two blocks of one name is looked at.",
        envelope(place(), session().replace("Token>", "Ticket>") + session()),
    ),
    _bad(
        "5.2-each-last",
        "Whichever of them is wrong.",
        envelope(place(), session() + session().replace("Token>", "Ticket>")),
    ),
    _good(
        "5.2.1-prefixes",
        "A prefix may mean one thing in a block and another in the next.",
        envelope(place(), '<p:A xmlns:p="urn:p"/><p:B xmlns:p="urn:q" p:c="d"/>'),
    ),
    _good(
        "5.2.1-content",
        "A block may hold anything.",
        envelope(place(), strange("a='1'", content="text<b/><c xmlns='urn:c'>d</c>")),
    ),
)

ATTRIBUTES = (
    *(
        _bad(
            f"5.2.3-illegal-{value or 'empty'}",
            "mustUnderstand is a boolean.",
            envelope(place(), strange(f'env:mustUnderstand="{value}"')),
        )
        for value in ("yes", "TRUE", "2", "-1")
    ),
    _bad("5.2.4-illegal", "relay is a boolean.", envelope(place(), strange('env:relay="maybe"'))),
    _good(
        "5.2.3-nested",
        "mustUnderstand counts on a header block only, not inside it.",
        envelope(place(), strange(content='<y:In xmlns:y="urn:y" env:mustUnderstand="true"/>')),
    ),
    _good(
        "5.2.3-body-child",
        "Nor on what the Body holds.",
        envelope(place().replace("<PlaceOrder", '<PlaceOrder env:mustUnderstand="true"')),
    ),
    _good(
        "5.2.2-nested",
        "role counts on a header block only.",
        envelope(place(), session().replace("<c:Token", f'<c:Token env:role="{OTHER}"')),
    ),
    _good(
        "5.2.2-body-child",
        "It takes nothing out of the Body.",
        envelope(place().replace("<PlaceOrder", f'<PlaceOrder env:role="{OTHER}"')),
    ),
    _good(
        "5.2.4-body-child",
        "Nor does relay.",
        envelope(place().replace("<PlaceOrder", '<PlaceOrder env:relay="true"')),
    ),
)

BODY = (
    _bad("5.3-empty", "This service needs something in the Body.", envelope("")),
    _bad("5.3-two", "And not two things.", envelope(place() + place())),
    _bad("5.3-text", "There is no text beside it.", envelope("text" + place())),
    _good("5.3-attribute", "The Body may have attributes of a namespace.", envelope(place(), Body=FOREIGN)),
    _bad("5.3-attribute-plain", "But no others.", envelope(place(), Body='note="1"')),
    _bad(
        "5.3-unqualified",
        "What the Body holds is known by its whole name.",
        envelope("<PlaceOrder><Id>1</Id></PlaceOrder>"),
    ),
    _bad("5.3-fault", "A Fault is no request.", envelope("<env:Fault/>")),
    _bad("5.3-envelope", "Nor is an Envelope.", envelope(envelope(place()))),
)

CASES: tuple[Case, ...] = (*DOCUMENT, *ENVELOPE, *ENCODING, *HEADER, *ATTRIBUTES, *BODY)
