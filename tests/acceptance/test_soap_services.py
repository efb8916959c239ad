"""The four services of the flow over SOAP: what they answer, and what is then in BRM and in XREF (seed 003)."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
import urllib3
import zeep
from lxml import etree

from gateway.messaging.queues import State
from tests.acceptance.answers import (
    ADD,
    BILLING,
    CONSUMER,
    PRODUCER,
    SERVICES,
    canonical,
    contract,
    header,
    poids,
    statuses,
)
from tests.acceptance.orders import (
    GSM,
    REPLY_TO,
    Customer,
    ebm,
    mobile,
    subprocess_message,
    xref_data,
)
from tests.acceptance.site import ORDERS, RESPONSES, Site, eventually, wire, working


def test_processbilling_answers_the_response_of_the_order(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)

    answer = world.bill(order)

    assert answer.tag.endswith("}ProcessFulfillmentOrderBillingResponseEBM")
    assert (header(answer, "Sender/ID"), header(answer, "Target/ID")) == ("BRM_01", "OSMCFS_01")
    assert header(answer, "RequestEBMID") == order.message_id
    assert header(answer, "EBMID") not in (None, "", order.message_id)
    assert header(answer, "Target/ServiceName") == REPLY_TO
    assert statuses(answer) == [("COMPLETE", "INITIATE BILLING COMPLETE")] * 5
    answered = answer.iterfind(".//{*}FulfillmentOrderLine/{*}Identification/{*}BusinessComponentID")
    assert [each.text for each in answered] == [order.line_id(line.asset) for line in order.lines]


def test_what_is_answered_is_found_in_brm_and_in_xref(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)

    answered = poids(world.bill(order))

    assert set(answered) == {line.asset for line in order.lines}
    assert world.brm.made(customer) == answered == world.xref(order.number)
    kinds = [answered[line.asset].split()[1] for line in order.lines]
    offering = "/purchased_product"
    assert kinds == [GSM, offering, offering, "/purchased_discount", offering]
    (service,) = world.brm.owned("/service", customer)
    assert service["LOGIN"] == order.lines[0].service_id


def test_a_success_over_soap_leaves_nothing_on_any_queue(world: Site, customer: Customer) -> None:
    world.bill(mobile(world.number(), customer))

    assert world.gateway.admin.get(RESPONSES) is None
    assert world.gateway.admin.messages(ORDERS, (State.WAITING, State.CLAIMED, State.HELD)) == []


def test_consume_message_is_accepted_at_once_and_worked_on_later(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)

    assert world.post(CONSUMER, ebm(order), operation="Consume_Message")[0] == 202

    assert world.brm.made(customer) == {}
    [waiting] = world.gateway.admin.messages(ORDERS, (State.WAITING,))
    assert world.sit_out(waiting.intake).state is State.DONE
    [response] = world.responses()
    assert header(response, "RequestEBMID") == order.message_id
    assert poids(response) == world.brm.made(customer) == world.xref(order.number)


def test_a_worker_of_its_own_bills_what_consume_message_took_and_puts_the_response(
    world: Site, customer: Customer
) -> None:
    order = mobile(world.number(), customer)
    other = wire(world.directory, world.brm.address, world.clock)
    world.post(CONSUMER, ebm(order), operation="Consume_Message")

    with working(other):
        taken = eventually(lambda: world.gateway.admin.get(RESPONSES))

    response = etree.fromstring(taken[1])
    assert contract(BILLING).check(response) == ()
    assert poids(response) == world.brm.made(customer)


def test_produce_puts_a_response_on_the_queue_of_responses(world: Site, customer: Customer) -> None:
    response = world.bill(mobile(world.number(), customer))

    status, _ = world.post(PRODUCER, etree.tostring(response), operation="Produce_ProcessFOBResponse")

    assert status == 202
    [taken] = world.responses()
    assert canonical(taken) == canonical(response)


def test_a_subprocess_called_alone_bills_in_a_transaction_of_its_own_and_applies_xref(
    world: Site, customer: Customer
) -> None:
    order = mobile(world.number(), customer)
    world.know("INSTALLEDPRODUCT_ID", f"{order.number}.gone", "0.0.0.1 /service/tv 7")
    given = subprocess_message(
        order,
        populate=xref_data("XREFPopulateData", "INSTALLEDPRODUCT_ID", f"{order.number}.new", "BRM_01", "0.0.0.1 /x 8"),
        delete=xref_data(
            "XREFDeleteData", "INSTALLEDPRODUCT_ID", f"{order.number}.gone", "BRM_01", "0.0.0.1 /service/tv 7"
        ),
    )
    mark = world.brm.last_call()

    status, answer = world.post(ADD, given)

    assert status == 200, etree.tostring(answer)
    assert contract(ADD).check(answer) == ()
    made = world.brm.made(customer)
    assert set(made) == {line.asset for line in order.lines}
    assert world.xref(order.number) == {**made, f"{order.number}.new": "0.0.0.1 /x 8"}
    told = [
        (row.findtext("{*}Common"), row.findtext("{*}ColumnName"), row.findtext("{*}Value"))
        for row in answer.iterfind(".//{*}XREFPopulateData")
    ]
    assert {common: value for common, _, value in told} == world.xref(order.number)
    assert [len(world.brm.calls(f"PCM_OP_TRANS_{name}", mark)) for name in ("OPEN", "PREPARE", "COMMIT")] == [1, 1, 1]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_answers_at_the_path_of_the_product_it_stands_for_too(world: Site, service: str) -> None:
    status, answer = world.post(service, b"<nonsense/>", path=f"/soa-infra/services/default/{service}/client")

    assert (status, answer.tag) == (500, "{http://schemas.xmlsoap.org/soap/envelope/}Fault")


def test_an_order_posted_to_the_products_path_is_billed(world: Site, customer: Customer) -> None:
    path = f"/soa-infra/services/default/{BILLING}/client"

    status, answer = world.post(BILLING, ebm(mobile(world.number(), customer)), path=path)

    assert status == 200
    assert poids(answer) == world.brm.made(customer) != {}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("at", ["/services/{}", "/soa-infra/services/default/{}/client"])
def test_the_imports_of_the_published_contract_resolve_over_http(world: Site, service: str, at: str) -> None:
    found: set[str] = set()
    todo = [world.url + at.format(service) + "?wsdl"]
    while todo:
        url = todo.pop()
        answer = urllib3.request("GET", url, retries=False)
        assert answer.status == 200, url
        document = etree.fromstring(answer.data)
        imports = document.xpath("//@schemaLocation | //*[local-name()='import']/@location")
        assert isinstance(imports, list)
        todo += [new for each in imports if (new := urljoin(url, str(each))) not in found]
        found |= {url}
        for address in document.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address"):
            assert address.get("location") == f"{world.url}/services/{service}"
    assert any("FulfillmentOrderEBO.xsd" in url for url in found)


def test_the_list_of_services_names_all_four(world: Site) -> None:
    listed = urllib3.request("GET", f"{world.url}/services/", retries=False).data.decode()

    assert [name for name in SERVICES if name in listed] == list(SERVICES)


def test_zeep_posts_a_full_order_of_typed_objects_from_the_published_contract(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    client = zeep.Client(f"{world.url}/services/{BILLING}?wsdl")  # type: ignore[no-untyped-call] # zeep is untyped
    element = etree.fromstring(ebm(order))
    kind = client.get_element(etree.QName(element.tag).text)  # type: ignore[no-untyped-call] # same
    typed = kind.type.parse_xmlelement(element, client.wsdl.types)

    answer = client.service.ProcessBilling(EBMHeader=typed.EBMHeader, DataArea=typed.DataArea)

    lines = answer.DataArea.ProcessFulfillmentOrderBillingResponse.FulfillmentOrderLine
    keys = [line.InstalledProductReference.InstalledProductIdentification for line in lines]
    billed = {key.BusinessComponentID._value_1: key.ApplicationObjectKey.ID._value_1 for key in keys}
    assert answer.EBMHeader.RequestEBMID._value_1 == order.message_id
    assert billed == world.brm.made(customer) != {}
