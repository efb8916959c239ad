"""One id follows a message: from its EBM header through the worker into BRM's calls and the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from soapkit.observe import tracing
from tests.acceptance.orders import alone, ebm, mobile
from tests.acceptance.site import Site, brm_server, site


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a gateway and its BRM."""
    with brm_server(tmp_path_factory.mktemp("brm")) as brm, site(tmp_path_factory.mktemp("gateway"), brm) as made:
        yield made


def ids_in_brm(world: Site, after: int) -> set[str]:
    entries = world.brm.did("GET", f"/journal?after={after}&limit=1000")
    return {entry["correlation_id"] for entry in entries if entry["operation"] != "PCM_OP_TRANS_RECOVER"}


def test_a_queued_message_is_worked_on_under_its_ebm_id(world: Site) -> None:
    order, before = mobile(world.number(), world.customer(), ebm_id="ebm-of-ours"), world.brm.last_call()

    world.consumed(order)

    assert ids_in_brm(world, before) == {"ebm-of-ours"}


def test_an_ebm_id_that_may_not_travel_is_replaced_and_the_order_billed(world: Site) -> None:
    order, before = mobile(world.number(), world.customer(), ebm_id="名前\u00a0?"), world.brm.last_call()

    message = world.consumed(order)

    assert message.state.value == "done"
    assert ids_in_brm(world, before) == {f"{message.queue}-{message.intake}"}


def test_a_call_over_soap_is_worked_on_under_its_ebm_id_too(world: Site) -> None:
    order, before = mobile(world.number(), world.customer(), ebm_id="ebm-over-soap"), world.brm.last_call()

    world.bill(order)

    assert ids_in_brm(world, before) == {"ebm-over-soap"}


def test_the_log_of_a_worker_names_message_and_id(world: Site) -> None:
    order = mobile(world.number(), world.customer(), ebm_id="ebm-in-the-log")
    world.brm.fault("PCM_OP_TRANS_COMMIT", action="drop", at="after")
    with capture_logs(processors=[merge_contextvars]) as lines:
        intake = world.put(order)
        world.step()
    world.brm.did("DELETE", "/faults")
    world.gateway.coordinator.recovery.run_all()

    assert {line.get("correlation_id") for line in lines if line.get("intake") == intake} == {"ebm-in-the-log"}


def test_a_message_remembers_the_trace_that_put_it(world: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    here = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    monkeypatch.setattr(tracing, "position", lambda: here)
    linked: list[str | None] = []
    off = tracing.calling("", "")

    def consuming(_queue: str, _message: int, put_in: str | None) -> object:
        linked.append(put_in)
        return off

    monkeypatch.setattr(tracing, "consuming", consuming)
    customer, number = world.customer(), world.number()
    order = mobile(number, customer, lines=(alone(f"{number}.paper", customer, "SUBSCRIPTION", "item-paper"),))
    world.post("ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer", ebm(order))
    world.drain()

    assert linked == [here]
