"""What a service shows of its contract: the files as written, with locations that resolve at the configured address."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import zeep

from soapkit.server import application, running
from tests.contract.soapkit.orders import ADDRESS, SAMPLES, URL, envelope, get, order, post, service, site

WSDL = f"{ADDRESS}?wsdl"


def test_the_wsdl_is_the_file_as_written_but_for_its_locations() -> None:
    shown = get(site(), WSDL).content.decode()
    written = (SAMPLES / "wsdl" / "Orders.wsdl").read_text()

    changed = [(a, b) for a, b in zip(written.splitlines(), shown.splitlines(), strict=True) if a != b]

    assert [b.strip() for _, b in changed] == [
        f'<wsdl:import namespace="urn:example:orders:messages" location="{WSDL}=wsdl/messages/OrderMessages.wsdl"/>',
        f'<soap:address location="{ADDRESS}"/>',
    ]


def test_every_location_leads_to_a_published_document() -> None:
    app, seen, ahead = site(), set[str](), [WSDL]
    while ahead:
        address = ahead.pop()
        answer = get(app, address)
        assert (address, answer.status) == (address, 200)
        seen.add(address)
        found = re.findall(r'(?:schemaLocation|import[^>]* location)="([^"]+)"', answer.content.decode())
        ahead += [location for location in found if location not in seen]

    assert len(seen) == 8


def test_a_poisoned_host_header_does_not_change_the_address() -> None:
    app = site()

    first = get(app, WSDL, Host="evil.example", X_Forwarded_Host="evil.example").content

    assert first == get(app, WSDL).content
    assert b"evil" not in first


@pytest.mark.parametrize(
    "name",
    ["../../../pyproject.toml", "/etc/passwd", "%2e%2e/xsd/orders/Order.xsd", "xsd/orders/../orders/Order.xsd", ""],
)
def test_only_documents_of_the_contract_are_shown(name: str) -> None:
    assert get(site(), f"{ADDRESS}?xsd={name}").status == 404


def test_the_list_names_every_service_for_people_and_programs() -> None:
    app = site()

    listed = json.loads(get(app, f"{URL}/services/?format=json").content)
    page = get(app, f"{URL}/services").content.decode()

    assert listed["services"] == [
        {
            "name": "Orders",
            "namespace": "urn:example:orders:service",
            "address": ADDRESS,
            "wsdl": WSDL,
            "singleWsdl": f"{ADDRESS}?singleWsdl",
            "operations": ["Echo", "PlaceOrder", "Notify"],
        }
    ]
    assert '<a href="services/Orders">Orders</a>' in page
    assert "Orders" in get(app, ADDRESS).content.decode()


def test_head_answers_without_content_and_other_methods_are_not_allowed() -> None:
    head, put = get(site(), WSDL, "HEAD"), get(site(), ADDRESS, "PUT")

    assert (head.status, head.content) == (200, b"")
    assert (put.status, put.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert get(site(), f"{URL}/elsewhere").status == 404


def test_zeep_generates_over_http_from_the_published_urls_and_calls() -> None:
    with running(lambda url: application([service()], public_url=url)) as url:
        client = zeep.Client(f"{url}/services/Orders?wsdl")  # type: ignore[no-untyped-call] # zeep is untyped
        lines = [
            {
                "Id": "1",
                "Action": "ADD",
                "Product": "Mobile",
                "Quantity": 1,
                "Price": {"_value_1": "9.50", "currency": "GBP"},
                "Start": "2026-11-20T10:00:00Z",
            }
        ]
        customer = {"Account": "a-1", "Name": "Ada"}
        answer = client.service.PlaceOrder(Id="order-7", Customer=customer, Line=lines)

        assert (answer.Id, answer.Accepted) == ("order-7", True)
        with pytest.raises(zeep.exceptions.Fault, match="Line"):
            client.service.PlaceOrder(Id="order-7", Customer=customer, Line=[lines[0] | {"Quantity": 0}])


def test_a_service_answers_at_the_path_of_the_product_it_stands_for() -> None:
    own = "/soa-infra/services/default/Orders/client"
    app = application([replace(service(), paths=(own,))], public_url=URL)

    assert post(app, envelope(order()), URL + own).status == 200
    assert get(app, f"{URL}{own}?wsdl").content == get(app, WSDL).content


def test_two_services_cannot_claim_one_path() -> None:
    with pytest.raises(ValueError, match="/services/Orders"):
        application([service(), service()], public_url=URL)


def test_another_application_can_be_mounted_below_a_prefix() -> None:
    def control(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]

    app = application([service()], public_url=URL, mounts={"/control/": control})

    assert get(app, f"{URL}/control/reset").content == b"/control /reset"
    assert get(app, f"{URL}/controls").status == 404
