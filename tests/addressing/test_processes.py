"""The gateway's own processes: an order is billed once and answered at its partner's address, whoever dies."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from soapkit.addressing import W3C
from soapkit.envelope import Version
from tests.acceptance.answers import BILLING, contract, statuses
from tests.acceptance.orders import Customer, Order, ebm, mobile
from tests.acceptance.processes import Child, answering, beside, o2c, spare_port, started
from tests.acceptance.site import Brm, Site, brm_server, eventually, site
from tests.addressing.messages import Way
from tests.addressing.receiver import Receiver, receiver

WAY = Way(W3C, Version.SOAP_11)
NUMBERS = itertools.count(10001)
"""All tests share one BRM."""

KILLED_AT = (
    "prepare.after",
    "decide.after",
    "commit.after",
    "reply-run.after",
    "reply-store.after",
    "reply-post.after",
)


@dataclass
class Place:
    """A gateway's database and BRM, the settings of its processes, and a partner's address."""

    site: Site
    directory: Path
    address: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __post_init__(self) -> None:
        self.port = spare_port()
        self.barriers = self.directory / "barriers"
        self.barriers.mkdir()

    def settings(self, **more: str) -> dict[str, str]:
        return beside(
            self.site,
            O2C_GATEWAY__PORT=str(self.port),
            O2C_ADDRESSING__PARTNERS__OSMCFS_01__ADDRESS=self.address,
            O2C_ADDRESSING__BACKOFF_INITIAL_SECONDS="0.2",
            O2C_QUEUE__LEASE_SECONDS="2",
            O2C_QUEUE__RECOVERY_SECONDS="0.5",
            O2C_BARRIERS=str(self.barriers),
            **more,
        )

    @contextmanager
    def process(self, *arguments: str, **more: str) -> Iterator[Child]:
        cwd = self.directory / "-".join((*arguments, str(len(list(self.directory.iterdir())))))
        cwd.mkdir()
        with started(*arguments, env=self.settings(**more), cwd=cwd) as child:
            yield child

    def post(self, order: Order) -> int:
        """Send an order that is to be answered at the partner's address; gives the HTTP status."""
        action = "ProcessBilling"
        header = WAY.headers(
            WAY.reference("ReplyTo", self.address), action=action, message_id=f"urn:uuid:{order.message_id}"
        )
        body = ebm(order).decode().partition("?>")[2]
        namespace = WAY.version.value
        message = f'<s:Envelope xmlns:s="{namespace}"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
        url = f"{self.url}/services/{BILLING}"
        return urllib3.request("POST", url, body=message.encode(), headers=headers, retries=False, timeout=60).status

    def command(self, *arguments: str, **more: str) -> Any:
        done = o2c(*arguments, env=self.settings(**more), cwd=self.directory)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def kill_at(self, point: str, worker: Child) -> None:
        """Wait until the worker has reached an armed point, and kill it there."""
        eventually((self.barriers / f"{point}.reached").exists, seconds=60)
        worker.kill()
        worker.wait(20)


@pytest.fixture(scope="module")
def brm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brm]:
    with brm_server(tmp_path_factory.mktemp("brm")) as served:
        yield served


@pytest.fixture
def place(tmp_path: Path, brm: Brm) -> Iterator[Place]:
    with site(tmp_path, brm, frozen=False) as made:
        made._numbers = NUMBERS
        yield Place(made, tmp_path, f"http://127.0.0.1:{spare_port()}/replies")


@contextmanager
def partner_at(place: Place) -> Iterator[Receiver]:
    with receiver(int(place.address.rpartition(":")[2].partition("/")[0])) as served:
        yield served


def accept(place: Place, order: Order) -> None:
    """Have a server process accept an order, and be gone before anything is done about it."""
    with place.process("serve") as server:
        answering(f"{place.url}/services/", server)
        assert place.post(order) == 202
        server.kill()


def check_billed_once(place: Place, customer: Customer, order: Order) -> None:
    assert set(place.site.brm.made(customer)) == {line.asset for line in order.lines}
    assert len(place.site.brm.bought(customer)) == len(order.lines) - 1, "each offering is bought once"


def check_answered(got: Receiver, order: Order) -> None:
    assert {each.text("RelatesTo") for each in got.received} == {f"urn:uuid:{order.message_id}"}
    assert len({each.content for each in got.received}) == 1
    answer = got.received[0].body
    assert contract(BILLING).check(answer) == ()
    assert statuses(answer) == [("COMPLETE", "INITIATE BILLING COMPLETE")] * len(order.lines)


@pytest.mark.parametrize("point", KILLED_AT)
def test_an_order_is_billed_once_and_answered_though_its_worker_is_killed(place: Place, point: str) -> None:
    customer = place.site.customer()
    order = mobile(place.site.number(), customer)
    accept(place, order)
    (place.barriers / f"{point}.armed").touch()
    with partner_at(place) as got, ExitStack() as stack:
        place.kill_at(point, stack.enter_context(place.process("worker")))
        stack.enter_context(place.process("worker"))
        eventually(lambda: place.site.gateway.replies.list()[0].state == "delivered", seconds=60)
        check_answered(got, order)
        assert len(got.received) == (2 if point == "reply-post.after" else 1)
    check_billed_once(place, customer, order)


def test_a_partner_that_is_away_too_long_is_an_operators_affair(place: Place) -> None:
    customer = place.site.customer()
    order = mobile(place.site.number(), customer)
    accept(place, order)
    with place.process("worker", O2C_ADDRESSING__RETRY_ATTEMPTS="2"):
        eventually(place.site.gateway.admin.alarms, seconds=60)
    [alarm] = place.command("queue", "alarms", "--json")
    [dead] = place.command("reply", "list", "--state", "error", "--json")
    assert (alarm["kind"], alarm["intake"]) == ("reply not delivered", dead["id"])
    assert f"o2c reply show {dead['id']}" in alarm["text"]
    assert (dead["partner"], dead["reason"]) == ("OSMCFS_01", "OSMCFS_01 cannot be reached")
    shown = place.command("reply", "show", str(dead["id"]), "--json")
    assert (shown["state"], shown["message_id"]) == ("error", f"urn:uuid:{order.message_id}")
    assert order.message_id in place.command("reply", "show", str(dead["id"]), "--request")
    assert "ResponseEBM" in place.command("reply", "show", str(dead["id"]), "--answer")
    assert f"To be tried again: {dead['id']}." in place.command("reply", "retry", "--failed")
    assert place.command("queue", "alarms", "--json") == []
    with partner_at(place) as got, place.process("worker"):
        eventually(lambda: got.received, seconds=60)
    check_answered(got, order)
    check_billed_once(place, customer, order)


def test_an_operator_drops_what_nobody_wants_any_more(place: Place) -> None:
    customer = place.site.customer()
    accept(place, mobile(place.site.number(), customer))
    [waiting] = place.command("reply", "list", "--json")
    assert waiting["state"] == "waiting"
    assert f"Dropped: {waiting['id']}." in place.command("reply", "drop", str(waiting["id"]))
    assert "dropped" in place.command("reply", "list")
    again = o2c("reply", "retry", str(waiting["id"]), env=place.settings(), cwd=place.directory)
    assert (again.returncode, "it is dropped" in again.stderr) == (1, True)
    assert place.site.brm.made(customer) == {}
