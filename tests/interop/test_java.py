"""Partners on Java: wsimport and its typed stubs, against running processes."""

from __future__ import annotations

from tests.interop.conftest import Stubs
from tests.interop.jaxws import Facts
from tests.interop.places import BILLING, BRM_BASE, CONSUMER, Customer, Running, Site, read_object


def all_of(facts: Facts, name: str) -> list[str]:
    return [value for found, value in facts if found == name]


def test_wsimport_generates_from_every_published_url_without_a_warning(stubs: Stubs) -> None:
    assert len(stubs.complaints) > 1
    assert {url: said for url, said in stubs.complaints.items() if said} == {}


def test_what_wsimport_generates_compiles_without_a_warning(stubs: Stubs) -> None:
    assert stubs.compiled == ""


def test_a_typed_stub_bills_a_full_order_that_is_then_in_brm(
    stubs: Stubs, gateway: Site, brm: Site, customer: Customer
) -> None:
    answer = stubs.run(
        "BillOrder", gateway.wsdl(BILLING), "J-1", customer.account, customer.billing_profile, "447700900501"
    )

    assert all_of(answer, "answers") == all_of(answer, "request")
    assert all_of(answer, "status") == ["COMPLETE"]
    assert all_of(answer, "line") == [f"line-J-1-{position}" for position in ("1", "1.1", "1.2", "1.3", "2")]
    made = [read_object(brm, poid)["O2C_FLD_COMMON_ID"] for poid in all_of(answer, "poid")]
    assert made == [f"asset-J-1-{position}" for position in ("1", "1.1", "1.2", "1.3", "2")]


def test_a_typed_fault_is_caught_with_its_fields(stubs: Stubs, gateway: Site, customer: Customer) -> None:
    answer = stubs.run("BillOrder", gateway.wsdl(BILLING), "J-2", customer.account, "billprof-nowhere", "447700900502")

    assert all_of(answer, "status") == []
    assert all_of(answer, "fault on") == all_of(answer, "request")
    assert all_of(answer, "fault code") == ["AIA_ERR_AIACOMBMPI_0002"]
    assert "BillingProfileReference" in all_of(answer, "fault text")[0]
    assert all_of(answer, "fault service") == [BILLING]
    assert all_of(answer, "failed order") == ["order-J-2"]


def test_a_one_way_stub_hands_an_order_to_the_queue(stubs: Stubs, gateway: Site, processes: Running) -> None:
    customer = processes.customer
    answer = stubs.run(
        "QueueOrder", gateway.wsdl(CONSUMER), "J-3", customer.account, customer.billing_profile, "447700900503"
    )

    [ebm_id] = all_of(answer, "queued")
    assert [ebm_id.encode() in payload for payload in processes.queued()] == [True]


def test_an_error_buffer_of_brm_is_caught_with_its_fields(stubs: Stubs, brm: Site) -> None:
    answer = stubs.run("ReadObject", brm.wsdl(BRM_BASE), "0.0.0.1 /account 999999999")

    assert dict(answer) == {
        "location": "PIN_ERRLOC_DM",
        "class": "PIN_ERRCLASS_APPLICATION",
        "errno": "PIN_ERR_NOT_FOUND",
        "number": "3",
        "field": "PIN_FLD_POID",
    }
