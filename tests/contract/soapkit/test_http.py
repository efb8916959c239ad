"""What of HTTP a caller meets: methods, lengths, packing, character sets, ids, and how many are served at a time."""

from __future__ import annotations

import codecs
import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import structlog
from lxml import etree

from soapkit.faults import Fault, FaultCode
from soapkit.limits import Limits
from soapkit.server import Request, application
from soapkit.versions import Version
from tests.contract.soapkit.orders import (
    ADDRESS,
    URL,
    O,
    envelope,
    get,
    order,
    order_fault,
    placed,
    post,
    post_as,
    service,
    site,
)

BOTH = pytest.mark.parametrize("version", Version)
PACKING = Limits(accept_gzip=True, max_bytes=20_000)
WSA = "http://www.w3.org/2005/08/addressing"
WSA_2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


@BOTH
@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_refused_in_soap_and_told_which_there_are(version: Version, method: str) -> None:
    answer = get(site(), ADDRESS, method, Content_Type=version.content_type, X_Correlation_Id="c-9")

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert (answer.body.tag, answer.fault.code, "[method]" in answer.fault.text) == (version.fault, "Client", True)
    assert (answer.headers["X-Correlation-Id"], "(correlation id c-9)" in answer.fault.text) == ("c-9", True)


def test_head_is_get_without_the_content() -> None:
    shown, head = get(site(), ADDRESS + "?wsdl"), get(site(), ADDRESS + "?wsdl", "HEAD")

    assert (head.status, head.content, head.headers["Content-Length"]) == (200, b"", shown.headers["Content-Length"])


@BOTH
def test_a_message_that_ends_before_its_length_is_refused(version: Version) -> None:
    message = envelope(order(), version=version)

    answer = post_as(version, site(), message, Content_Length=str(len(message) + 10))

    assert (answer.fault.code, "[content-length]" in answer.fault.text) == ("Client", True)


def test_no_more_is_read_than_the_length_says() -> None:
    message = envelope(order())

    assert post(site(), message + b"<garbage", Content_Length=str(len(message))).status == 200


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 5000, "+7", "0x10"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    assert "[content-length]" in post(site(), envelope(order()), Content_Length=length).fault.text


@BOTH
def test_a_message_that_is_too_large_is_refused_with_413(version: Version) -> None:
    answer = post_as(version, site(limits=Limits(max_bytes=300)), envelope(order(), version=version))

    assert (answer.status, answer.body.tag, "[max-bytes]" in answer.fault.text) == (413, version.fault, True)


@BOTH
@pytest.mark.parametrize("media_type", ["application/json", "application/xml", "text/plain; charset=utf-8", ""])
def test_a_media_type_that_is_not_of_soap_is_refused_in_soap_11(version: Version, media_type: str) -> None:
    answer = post(site(), envelope(order(), version=version), Content_Type=media_type)

    assert (answer.status, answer.body.tag) == (415, Version.SOAP_11.fault)
    assert "[content-type]" in answer.fault.text


@BOTH
def test_a_packed_message_is_unpacked_where_that_is_allowed(version: Version) -> None:
    message = gzip.compress(envelope(order(), version=version))

    for name in ("gzip", "x-gzip", "GZIP"):
        assert post_as(version, site(limits=PACKING), message, Content_Encoding=name).status == 200


@pytest.mark.parametrize("limits", [Limits(), PACKING])
def test_any_other_packing_is_refused_with_415_and_told_what_is_understood(limits: Limits) -> None:
    answer = post(site(limits=limits), envelope(order()), Content_Encoding="br")

    assert (answer.status, "[content-encoding]" in answer.fault.text) == (415, True)
    assert answer.headers["Accept-Encoding"] == ("gzip" if limits.accept_gzip else "identity")


def test_a_message_that_unpacks_to_too_much_is_refused() -> None:
    bomb = gzip.compress(envelope(order().replace("Ada", "A" * 50_000_000)))

    answer = post(site(limits=replace(PACKING, max_bytes=100_000)), bomb, Content_Encoding="gzip")

    assert (len(bomb) < 100_000, answer.status, "[max-bytes]" in answer.fault.text) == (True, 413, True)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"not gzip", gzip.compress(envelope(order()))[:-9], gzip.compress(envelope(order())) + b"more"],
    ids=["empty", "plain", "cut off", "followed by more"],
)
def test_a_damaged_packed_message_is_refused(damaged: bytes) -> None:
    answer = post(site(limits=PACKING), damaged, Content_Encoding="gzip")

    assert (answer.fault.code, "[content-encoding]" in answer.fault.text) == ("Client", True)


NAME = "Zoë"
TEXT = envelope(order().replace("Ada", NAME)).decode()
WIDE = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
WRITTEN: dict[str, tuple[bytes, str]] = {
    "UTF-8": (TEXT.encode(), "charset=utf-8"),
    "UTF-8 with a mark": (codecs.BOM_UTF8 + TEXT.encode(), "charset=utf-8"),
    "UTF-8 with a mark, called something else": (codecs.BOM_UTF8 + TEXT.encode(), "charset=iso-8859-1"),
    "UTF-8 declared as something else": (f"<?xml version='1.0' encoding='iso-8859-1'?>{TEXT}".encode(), "charset=UTF8"),
    "an empty charset": (TEXT.encode(), "charset="),
    "Latin 1 by HTTP": (TEXT.encode("latin1"), 'charset="ISO-8859-1"'),
    "Latin 1 by declaration": (f"<?xml version='1.0' encoding='ISO-8859-1'?>{TEXT}".encode("latin1"), ""),
    "Windows by HTTP": (TEXT.replace(NAME, f"{NAME} €").encode("cp1252"), "charset=windows-1252"),
    "Windows by declaration": (f"<?xml version='1.0' encoding='Windows-1252'?>{TEXT}".encode("cp1252"), ""),
}
for encoding, mark in WIDE.items():
    declared = f"<?xml version='1.0' encoding='utf-16'?>{TEXT}"
    WRITTEN |= {
        f"{encoding} with a mark": (mark + TEXT.encode(encoding), "charset=utf-16"),
        f"{encoding} with a mark, unsaid": (mark + declared.encode(encoding), ""),
        f"{encoding} without a mark": (declared.encode(encoding), "charset=UTF-16"),
        f"{encoding} by its own name": (TEXT.encode(encoding), f"charset={encoding.replace('-16-', '-16')}"),
    }


@pytest.mark.parametrize(("message", "parameter"), WRITTEN.values(), ids=WRITTEN.keys())
def test_a_message_is_read_in_its_character_set(message: bytes, parameter: str) -> None:
    names: list[str | None] = []

    def keep(request: Request) -> etree._Element:
        names.append(request.body.findtext(f"{O}Customer/{{urn:example:common}}Name"))
        return placed()

    answer = post(site(PlaceOrder=keep), message, Content_Type=f"text/xml; {parameter}")

    assert (answer.status, [name and name.startswith(NAME) for name in names]) == (200, [True])


@pytest.mark.parametrize("charset", ["utf-32", "utf-7", "cp037", "shift_jis", "x" * 200])
def test_any_other_character_set_is_refused(charset: str) -> None:
    answer = post(site(), envelope(order()), Content_Type=f"text/xml; charset={charset}")

    assert "[charset]" in answer.fault.text


def addressed(namespace: str, said: str) -> str:
    return f'<w:MessageID xmlns:w="{namespace}">{said}</w:MessageID>'


@pytest.mark.parametrize("namespace", [WSA, WSA_2004])
def test_a_call_goes_by_its_message_id_first(namespace: str) -> None:
    known = replace(service(), correlate=lambda body: body.findtext(f"{O}Id"))
    app = application([known], public_url=URL)

    answer = post(app, envelope(order("Notify"), addressed(namespace, "urn:uuid:1")), X_Correlation_Id="c-1")

    assert answer.headers["X-Correlation-Id"] == "urn:uuid:1"


def test_a_call_goes_by_what_the_product_finds_then_by_http_then_by_a_new_id() -> None:
    known = replace(service(), correlate=lambda body: body.findtext(f"{O}Id"))
    app = application([known], public_url=URL)
    found = post(app, envelope(order()), X_Correlation_Id="c-1")
    said = post(app, envelope(order().replace("order-1", "order 1")), X_Correlation_Id="c-1")
    new = post(app, envelope(order().replace("order-1", "order 1")))

    ids = [answer.headers["X-Correlation-Id"] for answer in (found, said, new)]
    assert [*ids[:2], len(ids[2])] == ["order-1", "c-1", 36]


def test_the_id_is_bound_for_the_handler_and_what_it_calls_and_not_beyond() -> None:
    seen: list[object] = []

    def watch(request: Request) -> etree._Element:
        seen.append((request.correlation_id, structlog.contextvars.get_contextvars().get("correlation_id")))
        return placed()

    app = application([replace(service(PlaceOrder=watch), correlate=lambda _: "o-1")], public_url=URL)
    post(app, envelope(order()), X_Correlation_Id="c-1")

    assert seen == [("o-1", "o-1")]
    assert "correlation_id" not in structlog.contextvars.get_contextvars()


def test_a_fault_says_the_messages_own_id() -> None:
    app = application([replace(service(), correlate=lambda _: "o-1")], public_url=URL)

    assert "(correlation id o-1)" in post(app, envelope(order(action="?"))).fault.text


@BOTH
def test_a_call_too_many_at_a_time_is_told_to_come_again(version: Version) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_: Request) -> etree._Element:
        entered.set()
        assert leave.wait(20)
        return placed()

    app = site(limits=Limits(max_concurrent=1), PlaceOrder=slow)
    message = envelope(order(), version=version)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post_as, version, app, message)
        assert entered.wait(20)
        second = post_as(version, app, message)
        leave.set()

    assert first.result().status == 200
    assert (second.status, second.headers["Retry-After"], second.fault.code) == (503, "1", "Server")
    assert "[max-concurrent]" in second.fault.text
    assert post_as(version, app, message).status == 200


def test_soaps_own_codes_are_not_the_products_to_change() -> None:
    def worded(_error: Exception, _request: Request | None) -> Fault:
        return Fault("Server", "ours", order_fault("E", "ours"))

    app = application([service(worded)], public_url=URL)
    lock = '<x:Lock xmlns:x="urn:x" soap:mustUnderstand="1"/>'
    invalid, strange = post(app, envelope(order(action="?"))), post(app, envelope(order(), lock))

    assert (invalid.fault.code, invalid.detail is None) == ("Client", False)
    assert (strange.fault.code, strange.detail) == ("MustUnderstand", None)  # SOAP 1.1, 4.4: details are the body's


@pytest.mark.parametrize(("expected", "level"), [(True, "warning"), (False, "error")])
def test_trouble_that_the_product_expects_is_a_warning_without_a_traceback(expected: bool, level: str) -> None:
    def worded(_error: Exception, _request: Request | None) -> Fault:
        return Fault(FaultCode.SERVER, "BRM is away", expected=expected)

    def away(_: Request) -> etree._Element:
        raise ConnectionError

    with structlog.testing.capture_logs() as logs:
        post(application([service(worded, PlaceOrder=away)], public_url=URL), envelope(order()))

    assert [(entry["log_level"], "exc_info" in entry) for entry in logs] == [(level, not expected)]


def test_names_beyond_the_limit_are_refused_with_their_place() -> None:
    app = site(limits=Limits(max_name_length=50))
    names = {
        "element": f"<{'n' * 51}/>",
        "attribute": f"<a {'n' * 51}=''/>",
        "prefix": f"<{'p' * 51}:a xmlns:{'p' * 51}='u'/>",
    }

    for body in names.values():
        assert "[max-name-length at /Envelope/Body/" in post(app, envelope(body)).fault.text
    assert "[operation" in post(app, envelope(f"<{'n' * 50}/>")).fault.text
    assert post(app, envelope(order().replace("Mobile", "m" * 500))).status == 200


def test_names_in_utf_16_are_measured_too() -> None:
    message = envelope(f"<{'n' * 1001}/>").decode().encode("utf-16")

    assert "[max-name-length" in post(site(), message, Content_Type="text/xml; charset=utf-16").fault.text


def test_declarations_of_namespaces_beyond_the_limit_are_refused() -> None:
    app = site(limits=Limits(max_namespaces=9))
    declared = " ".join(f"xmlns:n{number}='urn:{number}'" for number in range(10))

    assert "[max-namespaces at /Envelope, line 1]" in post(app, envelope(f"<a {declared}/>")).fault.text
    assert post(app, envelope(order().replace("Mobile", "xmlns " * 50))).status == 200


def test_elements_too_deep_are_refused_with_their_place() -> None:
    answer = post(site(limits=Limits(max_depth=5)), envelope("<a>\n<b>\n<c>\n<d/></c></b></a>"))

    assert "[max-depth at /Envelope/Body/a/b/c/d, line 4]" in answer.fault.text


def test_what_is_quoted_of_a_message_in_a_fault_is_bounded() -> None:
    answer = post(site(), envelope(f"<a xmlns='urn:{'x' * 100_000}'/>"))

    assert len(answer.content) < 6_000
