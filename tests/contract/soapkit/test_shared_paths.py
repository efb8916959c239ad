"""Several services on one path: the body element says which of them is called."""

from __future__ import annotations

from dataclasses import replace
from wsgiref.types import WSGIApplication

import pytest
from lxml import etree

from soapkit.catalog import load
from soapkit.exchange import Exchange
from soapkit.faults import Fault
from soapkit.module import Module
from soapkit.server import Request, Service, application
from soapkit.versions import Version
from tests.contract.soapkit.orders import SAMPLES, URL, element, envelope, get, order, post, service

PATH = "/start.swe"
SHARED = f"{URL}{PATH}?SWEExtSource=WebService&SWEExtCmd=Execute"
R = "urn:example:returns"
RETURN = f'<Return xmlns="{R}"/>'
APPROVAL = f'<Approval xmlns="{R}" soap:mustUnderstand="1"/>'


def answered(_: Request) -> etree._Element:
    return element(f'<ReturnResponse xmlns="{R}"/>')


def returns() -> Service:
    return Service(load(SAMPLES / "wsdl" / "Returns.wsdl"), {"Echo": answered}, paths=(PATH,))


def shared(*modules: Module) -> WSGIApplication:
    services = [replace(service(), paths=(PATH, "/orders")), returns()]
    return application(services, public_url=URL, modules=modules)


class Watching(Module):
    """Notes which service a message is for, before anything is known of its operation."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def received(self, exchange: Exchange) -> None:
        assert exchange.operation is None
        self.seen.append(exchange.service.contract.name)


@pytest.mark.parametrize("version", Version)
def test_the_body_element_says_which_service_is_called(version: Version) -> None:
    watching = Watching()
    app = shared(watching)

    answers = [
        post(app, envelope(body, version=version), SHARED, Content_Type=version.content_type)
        for body in (order("Order"), RETURN, order())
    ]

    names = [etree.QName(answer.body).localname for answer in answers]
    assert (names, watching.seen) == (
        ["Order", "ReturnResponse", "PlaceOrderResponse"],
        ["Orders", "Returns", "Orders"],
    )


def test_a_body_that_none_of_them_takes_is_refused() -> None:
    assert "[operation at /Envelope/Body/Nothing" in post(shared(), envelope("<Nothing/>"), SHARED).fault.text


def test_a_header_that_one_of_them_declares_is_understood_with_its_operations_only() -> None:
    app = shared()

    assert post(app, envelope(RETURN, APPROVAL), SHARED).status == 200
    assert post(app, envelope(order(), APPROVAL), SHARED).fault.code == "MustUnderstand"


def test_each_service_words_its_own_faults() -> None:
    def worded(_error: Exception, _request: Request | None) -> Fault:
        return Fault("Server", "in the words of Orders")

    app = application([replace(returns()), replace(service(worded), paths=(PATH,))], public_url=URL)

    assert post(app, envelope(order(action="?")), SHARED).fault.text.startswith("in the words of Orders")
    assert "[cvc-" in post(app, envelope(RETURN.replace("/>", "><x/></Return>")), SHARED).fault.text


def test_each_service_is_still_alone_at_its_own_address() -> None:
    app = shared()

    assert post(app, envelope(RETURN), f"{URL}/services/Returns").status == 200
    assert "[operation" in post(app, envelope(RETURN), f"{URL}/services/Orders").fault.text
    assert post(app, envelope(order()), f"{URL}/orders").status == 200


def test_a_fault_comes_from_the_address_that_was_called() -> None:
    assert post(shared(), envelope("<Nothing/>"), SHARED).body.findtext("faultactor") == f"{URL}{PATH}"


def test_what_is_shown_at_the_path_is_the_list_of_its_services() -> None:
    shown = get(shared(), f"{URL}{PATH}?format=json")

    assert (shown.status, shown.content.count(b'"wsdl"')) == (200, 2)


def test_services_that_cannot_be_told_apart_are_refused_at_start() -> None:
    with pytest.raises(ValueError, match="called Orders"):
        application([service(), service()], public_url=URL)
    with pytest.raises(ValueError, match="claim the path"):
        application([replace(service(), paths=("/services/Returns",)), returns()], public_url=URL)


def test_services_that_take_the_same_element_cannot_share_a_path() -> None:
    contract = replace(service().contract, name="MoreOrders")
    more = replace(service(), contract=contract, paths=(PATH,))

    with pytest.raises(ValueError, match=r"Orders and MoreOrders share a path, and both take \{urn:example:orders\}"):
        application([replace(service(), paths=(PATH,)), more], public_url=URL)
