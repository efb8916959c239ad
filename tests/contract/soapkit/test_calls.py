"""What a caller sees of a service: answers, and for everything else a SOAP fault."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from lxml import etree

from soapkit.catalog import Operation
from soapkit.envelope import Parts
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.limits import Limits
from soapkit.server import Handler, Request, application
from tests.contract.soapkit.orders import (
    ADDRESS,
    SESSION,
    URL,
    Answer,
    O,
    accept,
    element,
    envelope,
    order,
    order_fault,
    orders,
    placed,
    post,
    service,
    site,
)


def assert_fault(answer: Answer, code: str, *texts: str, status: int = 500) -> None:
    assert (answer.status, answer.code) == (status, f"soap:{code}")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    for text in texts:
        assert text in answer.text


def test_a_valid_call_is_answered_by_its_handler() -> None:
    answer = post(site(), envelope(order()))

    assert (answer.status, answer.body.tag) == (200, f"{O}PlaceOrderResponse")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert orders().check(answer.body) == ()


def test_an_element_echoed_from_the_request_comes_back_equal() -> None:
    sent = order("Order", lines=20)

    answer = post(site(), envelope(sent))

    assert etree.tostring(answer.body, method="c14n2") == etree.tostring(element(sent), method="c14n2")


def test_an_answer_kept_by_the_handler_can_be_given_many_times() -> None:
    kept = placed()
    app = site(PlaceOrder=lambda _: kept)

    assert [post(app, envelope(order())).status for _ in range(3)] == [200, 200, 200]


def test_a_one_way_message_is_accepted_with_202_and_no_content() -> None:
    seen: list[str] = []
    app = site(Notify=lambda request: seen.append(request.operation.name))

    answer = post(app, envelope(order("Notify")))

    assert (answer.status, answer.content, seen) == (202, b"", ["Notify"])
    assert "Content-Type" not in answer.headers


def test_an_invalid_one_way_message_is_a_fault_and_reaches_no_handler() -> None:
    seen: list[Request] = []

    answer = post(site(Notify=seen.append), envelope(order("Notify", action="?")))

    assert_fault(answer, "Client", "enumeration")
    assert seen == []


def test_an_invalid_body_is_refused_naming_element_path_and_rule() -> None:
    message = envelope(order(lines=3).replace("<Id>2</Id><Action>ADD", "<Id>2</Id><Action>GROW"))

    answer = post(site(), message)

    assert_fault(answer, "Client", "'GROW'", "enumeration", "/PlaceOrder/Line[2]/Action", "line 1")


def test_xsi_type_with_a_prefix_declared_on_the_envelope_is_understood() -> None:
    note = '<Note xsi:type="xsd:int">12</Note></Line>'
    xsd = b'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    names = b'<soap:Envelope %s xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' % xsd
    good = envelope(order().replace("</Line>", note)).replace(b"<soap:Envelope ", names)

    assert post(site(), good).status == 200
    assert_fault(post(site(), good.replace(b">12<", b">twelve<")), "Client", "cvc-datatype-valid")


NOT_SOAP = {
    "not well-formed": (b"<soap:Envelope", "well-formed"),
    "an empty body": (b"", "well-formed"),
    "a DOCTYPE": (b"<!DOCTYPE x [<!ENTITY e 'v'>]>" + envelope(order()), "doctype"),
    "a DOCTYPE after a comment": (b"<?xml version='1.0'?><!-- c -->\n<!DOCTYPE x>" + envelope(order()), "doctype"),
    "another document": (b"<order/>", "envelope"),
    "an empty Body": (envelope(""), "envelope"),
    "two body elements": (envelope(order() + order()), "envelope"),
    "no Body": (b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>', "envelope"),
    "a character set that is not served": (b"<?xml version='1.0' encoding='shift_jis'?><a/>", "charset"),
    "a character set of mainframes": ("<?xml version='1.0' encoding='cp037'?><a/>".encode("cp037"), "well-formed"),
    "an unknown operation": (envelope("<CancelOrder xmlns='urn:example:orders'/>"), "operation"),
    "the right name in no namespace": (envelope("<PlaceOrder/>"), "operation"),
    "elements nested too deep": (envelope("<a>" * 150 + "</a>" * 150), "max-depth"),
    "elements nested far too deep": (envelope("<a>" * 5000 + "</a>" * 5000), "parser-limit"),
}


@pytest.mark.parametrize(("message", "rule"), NOT_SOAP.values(), ids=NOT_SOAP.keys())
def test_what_cannot_be_dispatched_is_refused(message: bytes, rule: str) -> None:
    headers = {"Content_Type": "text/xml"} if rule == "charset" else {}

    assert_fault(post(site(), message, **headers), "Client", f"[{rule}")


def test_a_message_beyond_the_limits_is_refused() -> None:
    assert_fault(post(site(limits=Limits(max_bytes=300)), envelope(order())), "Client", "max-bytes", status=413)
    assert_fault(post(site(limits=Limits(max_elements=5)), envelope(order())), "Client", "max-elements")
    assert_fault(post(site(limits=Limits(max_attributes=1)), envelope(order())), "Client", "max-attributes")


@pytest.mark.parametrize("action", ["", '""', '"urn:example:orders:PlaceOrder"', "urn:example:orders:PlaceOrder"])
def test_an_empty_or_fitting_soap_action_is_accepted(action: str) -> None:
    assert post(site(), envelope(order()), SOAPAction=action).status == 200


def test_a_soap_action_of_another_operation_is_refused() -> None:
    answer = post(site(), envelope(order()), SOAPAction='"urn:example:orders:Echo"')

    assert_fault(answer, "Client", "soap-action")


@pytest.mark.parametrize("content_type", ["application/json", "", "multipart/related; type=text/xml"])
def test_a_wrong_content_type_is_refused_with_415(content_type: str) -> None:
    assert_fault(post(site(), envelope(order()), Content_Type=content_type), "Client", "content-type", status=415)


def test_a_compressed_message_is_refused_with_415() -> None:
    answer = post(site(), envelope(order()), Content_Encoding="gzip")

    assert_fault(answer, "Client", "content-encoding", status=415)


def test_the_charset_of_the_header_is_obeyed() -> None:
    message = envelope(order().replace("Ada", "Zoë")).decode().encode("iso-8859-1")

    assert post(site(), message, Content_Type="text/xml; charset=ISO-8859-1").status == 200
    assert_fault(post(site(), message), "Client", "well-formed")
    assert_fault(post(site(), message, Content_Type="text/xml; charset=cp037"), "Client", "charset")


def test_declared_headers_are_handed_to_the_handler() -> None:
    tokens: list[str | None] = []

    def keep(request: Request) -> etree._Element:
        tokens.append(request.headers["{urn:example:common}Session"].findtext("{urn:example:common}Token"))
        return placed()

    must = ' xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:mustUnderstand="1"'
    answer = post(site(PlaceOrder=keep), envelope(order(), SESSION.format(attributes=must)))

    assert (answer.status, tokens) == (200, ["t-1"])


def test_an_invalid_declared_header_is_refused() -> None:
    header = SESSION.format(attributes="").replace("Token>", "Ticket>")

    assert_fault(post(site(), envelope(order(), header)), "Client", "/Session/Ticket")


def test_a_header_that_must_be_understood_and_is_not_declared_is_a_must_understand_fault() -> None:
    header = '<x:Lock xmlns:x="urn:x" soap:mustUnderstand="1"/>'

    assert_fault(post(site(), envelope(order(), header)), "MustUnderstand", "Lock")


@pytest.mark.parametrize(
    "attributes", ["", 'soap:mustUnderstand="0"', 'soap:mustUnderstand="1" soap:actor="urn:someone-else"']
)
def test_other_undeclared_headers_are_ignored(attributes: str) -> None:
    assert post(site(), envelope(order(), f'<x:Lock xmlns:x="urn:x" {attributes}/>')).status == 200


def test_a_handler_that_breaks_is_a_server_fault_without_internals() -> None:
    def broken(_: Request) -> etree._Element:
        raise RuntimeError("SELECT password FROM users")

    answer = post(site(PlaceOrder=broken), envelope(order()), X_Correlation_Id="call-17")

    assert_fault(answer, "Server", "(correlation id call-17)")
    assert answer.headers["X-Correlation-Id"] == "call-17"
    assert b"password" not in answer.content
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize("answered", [None, "<x/>", '<PlaceOrderResponse xmlns="urn:example:orders"/>', order("Order")])
def test_an_invalid_answer_is_never_sent(answered: str | None) -> None:
    given = None if answered is None else element(answered)
    answer = post(site(PlaceOrder=lambda _: given), envelope(order()))

    assert_fault(answer, "Server", "failed to process")


def test_a_fault_raised_by_a_handler_reaches_the_caller_with_its_detail() -> None:
    def refuse(_: Request) -> etree._Element:
        raise Fault("Client", "No such <account> & no order\x00", order_fault("E-1", "unknown account"))

    answer = post(site(PlaceOrder=refuse), envelope(order()))

    assert_fault(answer, "Client", "No such <account> & no order")
    assert answer.detail is not None
    assert answer.detail.findtext(f"{O}OrderFault/{O}Code") == "E-1"


@pytest.mark.parametrize(
    "detail", ["<Secret/>", '<OrderFault xmlns="urn:example:orders"><Code>E</Code></OrderFault>', str(order("Order"))]
)
def test_a_fault_detail_that_the_contract_does_not_declare_is_dropped(detail: str) -> None:
    def refuse(_: Request) -> etree._Element:
        raise Fault("Server", "no", element(detail))

    answer = post(site(PlaceOrder=refuse), envelope(order()))

    assert_fault(answer, "Server", "no")
    assert answer.fault.detail is None


def test_a_product_words_its_own_faults_for_refusals_and_failures() -> None:
    def worded(error: Exception, request: Request | None) -> Fault:
        rule = error.rule if isinstance(error, Refused) else type(error).__name__
        about = "nothing" if request is None else request.operation.name
        return Fault("Client", f"ours, about {about}", order_fault(rule, "worded"))

    def broken(_: Request) -> etree._Element:
        raise KeyError("k")

    app = application([service(worded, PlaceOrder=broken)], public_url=URL)
    messages = [b"<", envelope(order(action="?")), envelope(order())]
    answers = [post(app, message) for message in messages]

    assert [answer.text.split(" (")[0] for answer in answers] == [
        "ours, about nothing",
        "ours, about PlaceOrder",
        "ours, about PlaceOrder",
    ]
    codes = [answer.detail.findtext(f".//{O}Code") for answer in answers if answer.detail is not None]
    assert codes == ["well-formed", "enumeration", "KeyError"]


def test_wording_that_breaks_still_gives_a_fault() -> None:
    def worded(_error: Exception, _request: Request | None) -> Fault:
        raise ZeroDivisionError

    app = application([service(worded)], public_url=URL)

    assert_fault(post(app, b"<"), "Client", "well-formed")


@pytest.mark.parametrize("given", ["", "a b", "x" * 200, "a\r\nSet-Cookie: b"])
def test_a_correlation_id_that_is_not_sane_is_replaced(given: str) -> None:
    answer = post(site(), envelope(order()), X_Correlation_Id=given)

    assert len(answer.headers["X-Correlation-Id"]) == 36


def test_fields_can_be_put_in_order_before_validation() -> None:
    message = envelope(
        order().replace("<Id>order-1</Id>", "").replace("</PlaceOrder>", "<Id>order-9</Id></PlaceOrder>")
    )

    def id_first(_: Operation, body: etree._Element) -> None:
        body.insert(0, body[-1])

    app = application([replace(service(), normalise=id_first)], public_url=URL)

    assert_fault(post(site(), message), "Client")
    assert post(app, message).body.findtext(f"{O}Id") == "order-9"


def test_concurrent_faults_never_mix_their_texts() -> None:
    app = site()
    start = threading.Barrier(8)

    def call(caller: int) -> list[str]:
        start.wait(10)
        return [post(app, envelope(order(lines=5, action=f"caller-{caller}"))).text for _ in range(40)]

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(call, range(8)))

    mixed = [
        (caller, text)
        for caller, mine in enumerate(texts)
        for text in mine
        if f"'caller-{caller}'" not in text or text.count("caller-") != 1
    ]
    assert mixed == []


def test_a_body_without_a_length_is_read_when_the_server_says_it_ends() -> None:
    app = site()
    message = envelope(order())

    assert_fault(post(app, message, Content_Length="many"), "Client", "content-length")
    assert_fault(post(app, message, Content_Length="99999999999"), "Client", "max-bytes", status=413)
    assert post(app, message, ADDRESS + "/").status == 200


def _refuse(_: Request) -> etree._Element:
    raise Fault(FaultCode.CLIENT, "Not today")


def _messages() -> list[object]:
    return [found for found in gc.get_objects() if isinstance(found, Request | etree._Element | Parts)]


@pytest.mark.parametrize(
    ("body", "handler"),
    [(order(), accept), (order(), _refuse), (order(action="NONE"), accept), ("<unknown/>", accept)],
    ids=["answered", "refused", "invalid", "unknown"],
)
def test_a_finished_call_leaves_nothing_for_the_garbage_collector_to_find(body: str, handler: Handler) -> None:
    """Documents weigh much that the collector does not see: what it finds late would fill the memory."""
    app = site(PlaceOrder=handler)
    gc.collect()
    before = _messages()
    gc.disable()
    try:
        post(app, envelope(body))
        left = [found for found in _messages() if not any(found is each for each in before)]
    finally:
        gc.enable()

    assert left == []
