"""Which header blocks are for us, which of them must be understood, and what an envelope may look like around them."""

from __future__ import annotations

import pytest
from lxml import etree

from soapkit.exchange import Exchange
from soapkit.faults import FaultCode
from soapkit.module import Module
from soapkit.server import application
from soapkit.versions import NAMESPACE_11, NAMESPACE_12, Version
from tests.contract.soapkit.orders import SESSION, URL, Answer, envelope, order, post, post_as, service, site

S12 = f"{{{NAMESPACE_12}}}"
BOTH = pytest.mark.parametrize("version", Version)
ROLE = {Version.SOAP_11: "soap:actor", Version.SOAP_12: "soap:role"}
NEXT = {Version.SOAP_11: "http://schemas.xmlsoap.org/soap/actor/next", Version.SOAP_12: f"{NAMESPACE_12}/role/next"}


def sent(version: Version, header: str, body: str = "") -> Answer:
    return post_as(version, site(), envelope(body or order(), header, version=version))


def lock(attributes: str, name: str = "Lock") -> str:
    return f'<x:{name} xmlns:x="urn:x" {attributes}/>'


def assert_not_understood(answer: Answer) -> None:
    assert (answer.status, answer.fault.code) == (500, "MustUnderstand")
    assert "[must-understand at /Envelope/Header/Lock, line 1]" in answer.fault.text


@BOTH
@pytest.mark.parametrize("said", ["1", "true", " 1 "])
def test_a_mandatory_block_that_nobody_understands_is_refused(version: Version, said: str) -> None:
    assert_not_understood(sent(version, lock(f'soap:mustUnderstand="{said}"')))


@BOTH
@pytest.mark.parametrize("said", ["", 'soap:mustUnderstand="0"', 'soap:mustUnderstand="false"'])
def test_any_other_block_is_ignored(version: Version, said: str) -> None:
    assert sent(version, lock(said)).status == 200


@BOTH
def test_a_mustunderstand_that_is_no_boolean_is_the_callers_fault(version: Version) -> None:
    answer = sent(version, lock('soap:mustUnderstand="yes"'))

    assert (answer.fault.code, answer.status) == ("Client", version.statuses[FaultCode.CLIENT])
    assert "[envelope at /Envelope/Header/Lock" in answer.fault.text


@BOTH
@pytest.mark.parametrize("body", ["<nothing-we-know/>", "", order(action="?")])
def test_what_must_be_understood_comes_before_the_body(version: Version, body: str) -> None:
    header = lock('soap:mustUnderstand="1"')
    message = envelope(body, header, version=version)

    assert_not_understood(post_as(version, site(), message))


def test_soap_12_names_every_block_that_was_not_understood() -> None:
    must = 'soap:mustUnderstand="1"'

    answer = sent(Version.SOAP_12, lock(must) + lock(must, "Key") + lock("", "Hint"))

    assert answer.header is not None
    named = [(block.tag, block.get("qname"), block.nsmap["n"]) for block in answer.header]
    assert named == [(f"{S12}NotUnderstood", "n:Lock", "urn:x"), (f"{S12}NotUnderstood", "n:Key", "urn:x")]


def test_of_very_many_that_were_not_understood_some_are_named() -> None:
    answer = sent(Version.SOAP_12, lock('soap:mustUnderstand="1"') * 500)

    assert answer.header is not None
    assert len(answer.header) == 20


def test_soap_11_has_no_such_names() -> None:
    assert sent(Version.SOAP_11, lock('soap:mustUnderstand="1"')).header is None


@BOTH
@pytest.mark.parametrize("role", ["next", "empty"])
def test_a_mandatory_block_for_a_role_of_ours_must_be_understood(version: Version, role: str) -> None:
    named = NEXT[version] if role == "next" else ""

    assert_not_understood(sent(version, lock(f'soap:mustUnderstand="1" {ROLE[version]}="{named}"')))


def test_a_soap_12_block_for_the_ultimate_receiver_is_for_us() -> None:
    role = f"{NAMESPACE_12}/role/ultimateReceiver"

    assert_not_understood(sent(Version.SOAP_12, lock(f'soap:mustUnderstand="1" soap:role="{role}"')))


@BOTH
@pytest.mark.parametrize("role", ["urn:someone-else", f"{NAMESPACE_12}/role/none"])
def test_a_block_for_another_role_is_ignored_whatever_it_says(version: Version, role: str) -> None:
    for said in ("1", "perhaps"):
        assert sent(version, lock(f'soap:mustUnderstand="{said}" {ROLE[version]}="{role}"')).status == 200


def test_modules_and_handlers_see_the_blocks_that_are_for_us() -> None:
    seen: list[list[str]] = []

    class Watching(Module):
        understands = frozenset(("{urn:x}Lock",))

        def received(self, exchange: Exchange) -> None:
            assert exchange.parts is not None
            seen.append([etree.QName(block).localname for block in exchange.parts.headers])

    app = application([service()], public_url=URL, modules=(Watching(),))
    blocks = lock('soap:mustUnderstand="1"') + lock('soap:actor="urn:them"', "Theirs")

    assert post(app, envelope(order(), blocks)).status == 200
    assert seen == [["Lock"]]


def test_a_declared_block_of_another_operation_is_not_understood_with_this_one() -> None:
    header = SESSION.format(attributes=' soap:mustUnderstand="1"')

    assert sent(Version.SOAP_11, header).status == 200
    assert sent(Version.SOAP_11, header, order("Order")).fault.code == "MustUnderstand"


ODD = {
    "a block of no namespace": ("<Header><Lock xmlns=''/></Header><Body>{order}</Body>", "/Envelope/Header/Lock"),
    "two Headers": ("<Header/><Header/><Body>{order}</Body>", "/Envelope"),
    "a Header after the Body": ("<Body>{order}</Body><Header/>", "/Envelope"),
    "two Bodies": ("<Body>{order}</Body><Body>{order}</Body>", "/Envelope"),
    "an element after the Body": ("<Body>{order}</Body><x xmlns='urn:x'/>", "/Envelope"),
    "no Body": ("<Header/>", "/Envelope"),
    "an empty Body": ("<Body/>", "/Envelope/Body"),
    "two elements in the Body": ("<Body>{order}{order}</Body>", "/Envelope/Body"),
    "text in the Envelope": ("text<Body>{order}</Body>", "/Envelope"),
    "text in the Header": ("<Header>text</Header><Body>{order}</Body>", "/Envelope/Header"),
    "text in the Body": ("<Body>{order}text</Body>", "/Envelope/Body"),
    "a plain attribute of the Body": ("<Body id='b'>{order}</Body>", "/Envelope/Body"),
}


@BOTH
@pytest.mark.parametrize(("inside", "path"), ODD.values(), ids=ODD.keys())
def test_an_envelope_of_another_shape_is_refused(version: Version, inside: str, path: str) -> None:
    message = f'<Envelope xmlns="{version.value}">\n{inside.format(order=order())}</Envelope>'

    answer = post_as(version, site(), message.encode())

    assert (answer.fault.code, answer.status) == ("Client", version.statuses[FaultCode.CLIENT])
    assert f"[envelope at {path}, line" in answer.fault.text


@BOTH
def test_attributes_of_a_namespace_and_white_space_are_nothing_to_refuse(version: Version) -> None:
    opened = f'<Envelope xmlns="{version.value}" xmlns:u="urn:u" u:id="e">\n <Header u:id="h"> </Header>\n'

    message = f'{opened} <Body u:id="b">\n {order()} \n</Body>\n</Envelope>'

    assert post_as(version, site(), message.encode()).status == 200


@BOTH
def test_soap_attributes_in_the_body_mean_nothing(version: Version) -> None:
    marked = order().replace("<PlaceOrder", '<PlaceOrder soap:mustUnderstand="1"', 1)
    marked = marked.replace("<Line>", f'<Line {ROLE[version]}="urn:them">', 1)

    assert sent(version, "", marked).status == 200


@BOTH
@pytest.mark.parametrize("where", ["before", "inside"])
def test_a_processing_instruction_is_refused(version: Version, where: str) -> None:
    message = envelope(order(), version=version).decode()
    message = f"<?style x?>{message}" if where == "before" else message.replace("<Id>", "<?style x?><Id>", 1)

    for sent_as in ("utf-8", "utf-16"):
        written = f'<?xml version="1.0" encoding="{sent_as}"?>{message}'.encode(sent_as)
        answer = post(site(), written, Content_Type=version.media_type)

        assert (answer.fault.code, "[processing-instruction" in answer.fault.text) == ("Client", True)


def test_what_only_looks_like_a_processing_instruction_is_text() -> None:
    assert post(site(), envelope(order().replace("Mobile", "<![CDATA[<?why?>]]>"))).status == 200


def test_soap_12_knows_a_fault_for_data_in_an_encoding() -> None:
    marked = order().replace("<Line>", f'<Line soap:encodingStyle="{NAMESPACE_12.replace("envelope", "encoding")}">', 1)

    answer = sent(Version.SOAP_12, "", marked)

    assert (answer.status, answer.fault.code) == (500, "DataEncodingUnknown")
    assert "[encoding-style at /Envelope/Body/PlaceOrder/Line[1], line 1]" in answer.fault.text


def test_soap_12_data_that_says_it_is_in_no_encoding_is_fine() -> None:
    marked = order().replace("<PlaceOrder", f'<PlaceOrder soap:encodingStyle="{NAMESPACE_12}/encoding/none"', 1)

    assert sent(Version.SOAP_12, "", marked).status == 200


def test_soap_12_has_no_encoding_of_a_body() -> None:
    message = envelope(order(), version=Version.SOAP_12)
    message = message.replace(b"<soap:Body>", b'<soap:Body soap:encodingStyle="urn:x">')

    answer = post_as(Version.SOAP_12, site(), message)

    assert (answer.status, "[envelope at /Envelope/Body" in answer.fault.text) == (400, True)


def test_soap_11_ignores_the_encoding_that_old_toolkits_name_on_every_envelope() -> None:
    style = 'soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'
    message = envelope(order()).replace(NAMESPACE_11.encode() + b'"', f'{NAMESPACE_11}" {style}'.encode())

    assert post(site(), message).status == 200
