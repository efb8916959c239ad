"""rpc/literal twins: the handlers of a document/literal service, reached by wrappers and accessors."""

from __future__ import annotations

from dataclasses import replace
from wsgiref.types import WSGIApplication

import pytest
from lxml import etree

from soapkit.catalog import ContractError
from soapkit.client import Client, RemoteFault
from soapkit.faults import Fault, FaultCode, NotSent, Refused
from soapkit.publish.samples import sample
from soapkit.rpc import twin
from soapkit.server import Handler, Request, application
from soapkit.service import plain_wording
from tests.contract.soapkit.orders import Answer, element, envelope, orders, post
from tests.contract.soapkit.siebel import (
    ACCOUNTS,
    IO,
    SIEBDETAIL,
    START,
    UI,
    URL,
    asked,
    called,
    document,
    get,
    receive,
    rpc,
    service,
    site,
)

ADDRESS = f"{URL}/services/CutAccountRpc"
GET = "<Object_spcId>{}</Object_spcId><UTCCanonical/>"


def serve(**handlers: Handler) -> WSGIApplication:
    return application([twin(service(**handlers), rpc())], public_url=URL)


def call(message: str, header: str = "", **handlers: Handler) -> Answer:
    answer = post(serve(**handlers), envelope(message, header), ADDRESS)
    if answer.content and answer.body.tag != "{http://schemas.xmlsoap.org/soap/envelope/}Fault":
        assert rpc().check(answer.body) == ()
    return answer


def content(found: etree._Element | None) -> tuple[object, ...]:
    """Give an element as names and values, so that prefixes do not matter."""
    assert found is not None
    return found.tag, sorted(found.items()), (found.text or "").strip(), [content(child) for child in found]


def test_a_wrapper_is_answered_by_a_wrapper_called_like_the_operation() -> None:
    answer = call(called("CUTGetAccountData", GET.format("1-A")))

    assert (answer.status, answer.body.tag) == (200, f"{{{UI}}}CUTGetAccountDataResponse")
    assert [child.tag for child in answer.body] == ["Error_spcCode", "SiebelMessage", "Object_spcId"]
    assert (answer.body.findtext("Error_spcCode"), answer.body.findtext("Object_spcId")) == ("0x0", "1-A")
    assert content(answer.body.find(f"SiebelMessage/{{{IO}}}*")) == content(element(ACCOUNTS))


def test_what_the_answer_leaves_out_is_an_empty_accessor() -> None:
    answer = call(called("CUTGetAccountData", GET.format("0-0")))

    assert [(child.tag, child.text, len(child)) for child in answer.body] == [
        ("Error_spcCode", None, 0),
        ("SiebelMessage", None, 0),
        ("Object_spcId", "0-0", 0),
    ]


@pytest.mark.parametrize("utc", ["", "Y"])
def test_the_handler_sees_the_document_element_whatever_the_style(utc: str) -> None:
    seen: list[tuple[str, object]] = []

    def look(request: Request) -> etree._Element:
        seen.append((request.operation.input, content(request.body)))
        return get(request)

    call(
        called("CUTGetAccountData", f"<Object_spcId>1-A</Object_spcId><UTCCanonical>{utc}</UTCCanonical>"),
        CUTGetAccountData=look,
    )

    expected = asked(
        "CUTGetAccountData", "<Object_spcId>1-A</Object_spcId>" + (utc and "<UTCCanonical>Y</UTCCanonical>")
    )
    assert seen == [(f"{{{UI}}}CUTGetAccountData_Input", content(element(expected)))]
    assert document().check(element(expected)) == ()


def test_an_integration_object_goes_through_unchanged_both_ways() -> None:
    answer = call(called("CUTReceiveAccountData", f"<SiebelMessage>{ACCOUNTS}</SiebelMessage><StatusObject/>"))

    assert answer.body.findtext("NumberUpserted") == "1"
    assert content(answer.body.find(f"SiebelMessage/{{{IO}}}*")) == content(element(ACCOUNTS))


def test_values_that_use_prefixes_of_the_accessor_keep_them() -> None:
    seen: list[bytes] = []

    def look(request: Request) -> etree._Element:
        seen.append(etree.tostring(request.body))
        return receive(request)

    typed = ACCOUNTS.replace("<Name>", '<Name xsi:type="xs:string">')
    names = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    answer = call(
        called("CUTReceiveAccountData", f"<SiebelMessage {names}>{typed}</SiebelMessage><StatusObject/>"),
        CUTReceiveAccountData=look,
    )

    assert answer.status == 200
    assert [document().check(element(written.decode())) for written in seen] == [()]


def test_an_answer_kept_by_the_handler_can_be_given_many_times() -> None:
    kept = element(f'<CUTGetAccountData_Output xmlns="{UI}"><Object_spcId>1</Object_spcId></CUTGetAccountData_Output>')
    app = serve(CUTGetAccountData=lambda _: kept)
    message = envelope(called("CUTGetAccountData", GET.format("1")))

    answers = [post(app, message, ADDRESS) for _ in range(3)]

    assert [answer.body.findtext("Object_spcId") for answer in answers] == ["1", "1", "1"]


def test_a_one_way_call_is_accepted_with_202() -> None:
    answer = call(called("CUTSendAccountData", GET.format("1-A")))

    assert (answer.status, answer.content) == (202, b"")


REFUSED = {
    "an accessor is missing": ("CUTGetAccountData", "<Object_spcId/>", "/CUTGetAccountData"),
    "accessors in another order": (
        "CUTGetAccountData",
        "<UTCCanonical/><Object_spcId/>",
        "/CUTGetAccountData/UTCCanonical",
    ),
    "a qualified accessor": (
        "CUTGetAccountData",
        "<ui:Object_spcId/><UTCCanonical/>",
        "/CUTGetAccountData/Object_spcId",
    ),
    "an accessor too many": ("CUTGetAccountData", "<Object_spcId/><UTCCanonical/><X/>", "/CUTGetAccountData/X"),
    "a nil accessor": (
        "CUTGetAccountData",
        '<Object_spcId xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><UTCCanonical/>',
        "/CUTGetAccountData/Object_spcId",
    ),
    "a wrong value deep inside": (
        "CUTReceiveAccountData",
        f"<SiebelMessage>{ACCOUNTS.replace('>Active<', '>Asleep<')}</SiebelMessage><StatusObject/>",
        "/CUTReceiveAccountData/SiebelMessage/ListOfCutSampleAccountIo/Account/AccountStatus",
    ),
    "an accessor without its object": (
        "CUTReceiveAccountData",
        "<SiebelMessage/><StatusObject/>",
        "/CUTReceiveAccountData/SiebelMessage",
    ),
}


@pytest.mark.parametrize(("name", "inside", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrapper_that_breaks_the_contract_is_refused_with_its_path(name: str, inside: str, path: str) -> None:
    answer = call(called(name, inside))

    assert (answer.status, answer.code) == (500, "soap:Client")
    assert f"at {path}," in answer.text


def test_an_element_of_the_document_style_is_no_operation_of_the_twin() -> None:
    answer = call(asked("CUTGetAccountData", "<Object_spcId>1-A</Object_spcId>"))

    assert "[operation at /Envelope/Body/CUTGetAccountData_Input" in answer.text


def test_a_soap_action_of_the_other_style_is_refused() -> None:
    message = envelope(called("CUTGetAccountData", GET.format("1-A")))
    app = serve()

    statuses = [
        post(app, message, ADDRESS, SOAPAction=f'"{style}/{UI}:CUTGetAccountData"').status
        for style in ("rpc", "document")
    ]

    assert statuses == [200, 500]


def test_a_typed_fault_is_the_same_in_both_styles() -> None:
    answer = call(called("CUTGetAccountData", GET.format("9-9")))

    assert (answer.code, answer.text.partition("(")[0]) == ("soap:Server", "No user key can be used")
    assert answer.detail is not None
    assert [entry.tag for entry in answer.detail] == [SIEBDETAIL]


def test_declared_headers_reach_the_handler() -> None:
    seen: list[str | None] = []

    def look(request: Request) -> etree._Element:
        seen.append(request.headers["{http://siebel.com/webservices}SessionType"].text)
        return get(request)

    header = '<SessionType xmlns="http://siebel.com/webservices">None</SessionType>'
    call(called("CUTGetAccountData", GET.format("1-A")), header, CUTGetAccountData=look)

    assert seen == ["None"]


def test_the_product_words_faults_about_the_operation_it_knows() -> None:
    seen: list[tuple[str, str | None]] = []

    def worded(error: Exception, request: Request | None) -> Fault:
        rule = error.rule if isinstance(error, Refused) else type(error).__name__
        seen.append((rule, None if request is None else request.operation.input))
        return plain_wording(error, request)

    app = application([twin(replace(service(), word_fault=worded), rpc())], public_url=URL)
    for body in (
        called("Nothing", ""),
        called("CUTGetAccountData", "<X/>"),
        called("CUTGetAccountData", GET.format("9-9")),
    ):
        post(app, envelope(body), ADDRESS)

    get_input = f"{{{UI}}}CUTGetAccountData_Input"
    assert seen == [("operation", None), ("cvc-complex-type.2.4", get_input), ("Fault", get_input)]


@pytest.mark.parametrize(
    "answered",
    [
        None,
        "<x/>",
        '<CUTGetAccountData_Output xmlns="{ui}"/>',
        '<CUTGetAccountData_Output xmlns="{ui}"><Object_spcId/><Object_spcId/></CUTGetAccountData_Output>',
        '<CUTGetAccountData_Output xmlns="{ui}"><Object_spcId/><X/></CUTGetAccountData_Output>',
    ],
)
def test_an_invalid_answer_is_never_sent(answered: str | None) -> None:
    given = None if answered is None else element(answered.format(ui=UI))

    answer = call(called("CUTGetAccountData", GET.format("1")), CUTGetAccountData=lambda _: given)

    assert (answer.status, answer.code) == (500, "soap:Server")


def test_on_the_path_of_the_product_the_body_says_which_style_is_called() -> None:
    app, address = site(), f"{URL}{START}?SWEExtSource=WebService&SWEExtCmd=Execute&WSSOAP=1"
    bodies = [
        asked("CUTGetAccountData", "<Object_spcId>1-A</Object_spcId>"),
        called("CUTGetAccountData", GET.format("1-A")),
    ]

    answers = [post(app, envelope(body), address) for body in bodies]

    assert [answer.body.tag for answer in answers] == [
        f"{{{UI}}}CUTGetAccountData_Output",
        f"{{{UI}}}CUTGetAccountDataResponse",
    ]


@pytest.mark.parametrize("full", [True, False])
def test_examples_are_made_of_wrappers_too_and_are_taken(full: bool) -> None:
    contract = rpc()
    examples = [sample(contract, operation.input, full=full) for operation in contract.operations]

    answers = [post(serve(), envelope(etree.tostring(example, encoding="unicode")), ADDRESS) for example in examples]

    assert [contract.check(example) for example in examples] == [(), (), ()]
    assert [answer.status for answer in answers] == [200, 200, 202]


def test_our_client_calls_an_rpc_contract_by_its_wrappers() -> None:
    client = Client(rpc(), ADDRESS, wsgi=serve())

    answer = client.call("CUTGetAccountData", element(called("CUTGetAccountData", GET.format("1-A"))))

    assert answer is not None
    assert answer.findtext("Object_spcId") == "1-A"
    assert client.call("CUTSendAccountData", element(called("CUTSendAccountData", GET.format("1-A")))) is None
    with pytest.raises(NotSent, match="UTCCanonical"):
        client.call("CUTGetAccountData", element(called("CUTGetAccountData", "<Object_spcId/>")))
    with pytest.raises(RemoteFault) as refused:
        client.call("CUTGetAccountData", element(called("CUTGetAccountData", GET.format("9-9"))))
    assert refused.value.detail is not None
    assert (refused.value.code, refused.value.detail.tag) == (FaultCode.SERVER, SIEBDETAIL)


def test_contracts_that_are_no_twins_are_refused_at_start() -> None:
    with pytest.raises(ContractError, match="operations differ"):
        twin(service(), orders())
    with pytest.raises(ContractError, match="messages differ"):
        twin(service(), document())
    with pytest.raises(ContractError, match="normalises"):
        twin(replace(service(), normalise=lambda _operation, _body: None), rpc())
