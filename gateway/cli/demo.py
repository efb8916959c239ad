"""`o2c demo`: an order is billed, another fails halfway and is mended; on real processes, every stage shown."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from lxml import etree

from gateway.admin.cut import CutDesk
from gateway.bootstrap import Gateway, build
from gateway.cli.context import session
from gateway.cli.demo_siebel import SiebelScenes
from gateway.cli.output import Failed, console, done, literal, record, rows
from gateway.cli.processes import free_port, running
from gateway.cli.run import gateway_program, worker_programs
from gateway.cli.simulators import SIMULATORS
from gateway.cli.stage import heading, waited
from gateway.config import load
from gateway.demo import customers, orders
from gateway.demo.customers import CUSTOMERS, Customer
from gateway.demo.siebel import SiebelDemo, reference, specification
from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import Unavailable
from gateway.inquiry import holdings
from gateway.messaging.queues import Message, State
from gateway.transforms.reading import Element
from soapkit.limits import parse

ORDERS = "AIA_CRTBO_OUT_JMSQ"
RESPONSES = "AIA_UPDBO_IN_JMSQ"
RETIRED = "0.0.0.1 /product 99999"
"""A product that BRM does not sell: what a wrong cross-reference looks like."""
_BRM = "BRM_01"
_SIEBEL = "SEBL_01"
_CORE = f"{{{orders.CORE}}}"
_LINE = f"{{{orders.FORD}}}FulfillmentOrderLine"
_SETTINGS = "o2c.toml"
_MARK = b"# the demo's settings are in its environment\n"
"""The settings file of a demo, by which its directory is known again."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(demo)
    app.command()(seed)


def demo(
    state: Annotated[Path, typer.Option(help="Where the demo keeps its databases and logs; emptied first.")] = Path(
        "var/demo"
    ),
) -> None:
    """Bill an order on simulators, keep Siebel and BRM in step, mend an order that fails, and show every stage."""
    with _started(state) as (show, siebel):
        show.customers()
        siebel.is_read(CUSTOMERS[0])
        show.an_order_is_billed()
        show.its_second_phase()
        siebel.moves_in_siebel(CUSTOMERS[0])
        siebel.is_called_otherwise_in_brm(CUSTOMERS[0])
        show.an_order_fails_and_is_mended()
    heading("That was it")
    console.print(f"Databases and logs are in {state}.")
    console.print("next: o2c up (the same, to play with) · README.md")


def seed(
    context: typer.Context,
    order: Annotated[Path, typer.Option(help="Where to write an order for the first customer.")] = Path("order.xml"),
) -> None:
    """Make the demo's customers in BRM_01, with their cross-references, and write an order to play with."""
    gateway = session(context).gateway
    brm = gateway.brms.get(_BRM)
    if brm is None:
        raise Failed(f"The demo's customers live in {_BRM}, which the settings do not have.")
    new = [customer for customer in CUSTOMERS if not holdings.accounts(brm, customer.number)]
    gateway.admin.load_xref([*customers.create(brm, new), *customers.products(_BRM), *_known_to_siebel(gateway)])
    first = CUSTOMERS[0]
    order.write_bytes(orders.ebm(orders.mobile_order("1-10001", first.account, first.billing_profile, "447700900123")))
    done(f"{len(new)} customers are new in BRM; an order is in {order}.", then=f"o2c queue put {ORDERS} {order}")


def _known_to_siebel(gateway: Gateway) -> list[XrefRow]:
    """Return the customers' cross-references in Siebel; none where there is no Siebel, or it has other customers."""
    try:
        return _in_siebel(gateway)
    except (Unavailable, LookupError) as error:
        console.print(literal(f"Cross-references to {_SIEBEL} are not made: {error}"))
        return []


def _in_siebel(gateway: Gateway) -> list[XrefRow]:
    if gateway.workflows is None:
        return []
    return [reference(each, _SIEBEL, _row_id(gateway.workflows, each)) for each in CUSTOMERS]


def _row_id(desk: CutDesk, customer: Customer) -> str:
    answer = desk.get("Account", {"SearchSpec": specification(customer)})
    row_id = answer.findtext("{*}Object_spcId")
    if not row_id:
        raise LookupError(f"it has no account {customer.account}")
    return row_id


@contextmanager
def _started(state: Path) -> Iterator[tuple[Scenes, SiebelScenes]]:
    _empty(state)
    _point_at(state)
    settings = load()
    gateway = build(settings)
    log = state / "log.txt"
    programs = (
        *(each.program(settings, state, log) for each in SIMULATORS),
        gateway_program(settings, log=log),
        *worker_programs(1, log=log),
    )
    with ExitStack() as stack:
        with console.status("starting simulators of BRM and Siebel, gateway and queue worker"):
            processes = stack.enter_context(running(programs))
        for process in processes:
            console.print(f"[green]running[/green] {process.program.name:16} pid {process.pid} {process.program.ready}")
        siebel = SiebelDemo(settings.here, settings.siebel[_SIEBEL].url)
        yield Scenes(gateway), SiebelScenes(gateway, siebel, _BRM)


def _empty(state: Path) -> None:
    """Make the demo's directory, or empty it; Failed when it holds anything that no demo has left there."""
    if state.exists() and (not state.is_dir() or any(state.iterdir())):
        marker = state / _SETTINGS
        if not marker.is_file() or marker.read_bytes() != _MARK:
            raise Failed(f"{state} holds other things than a demo's, and would be emptied: name another with --state")
        shutil.rmtree(state)
    state.mkdir(parents=True, exist_ok=True)


def _point_at(state: Path) -> None:
    """Have this process and its children use fresh databases and free ports, whatever is configured."""
    settings = state / _SETTINGS
    settings.write_bytes(_MARK)
    for name in [name for name in os.environ if name.startswith("O2C_")]:
        del os.environ[name]
    os.environ |= {
        "O2C_CONFIG": str(settings),
        "O2C_GATEWAY__PORT": str(free_port()),
        "O2C_GATEWAY__DATABASE": f"sqlite:///{state / 'gateway.sqlite'}",
        "O2C_BRM__BRM_01__URL": f"http://127.0.0.1:{free_port()}",
        "O2C_SIEBEL__SEBL_01__URL": f"http://127.0.0.1:{free_port()}",
        "O2C_CUT__SUBSCRIBERS__BRM__BRM": _BRM,
    }


@dataclass(frozen=True, slots=True)
class Scenes:
    """What the demo shows, scene by scene."""

    gateway: Gateway

    def customers(self) -> None:
        """Two customers of Siebel are made in BRM, as the customer synchronisation would."""
        heading("Two customers of Siebel in BRM, and the cross-references that name them in both")
        made = [*customers.create(self.gateway.brms[_BRM], CUSTOMERS), *_in_siebel(self.gateway)]
        self.gateway.admin.load_xref([*made, *customers.products(_BRM)])
        self._accounts()
        self._xref([*made, *customers.products(_BRM)])

    def an_order_is_billed(self) -> None:
        """INITIATE BILLING: bought with dates a year ahead."""
        heading("An order: mobile bundle with tariff, handset fee and discount, and a paper bill · INITIATE BILLING")
        order = orders.mobile_order("1-10001", CUSTOMERS[0].account, CUSTOMERS[0].billing_profile, "447700900123")
        self._billed(self._put(order), CUSTOMERS[0], whole=True)

    def its_second_phase(self) -> None:
        """FULFILL BILLING: the real dates, and the charges that follow."""
        heading("The same order is delivered · FULFILL BILLING")
        order = orders.mobile_order("1-10001", CUSTOMERS[0].account, CUSTOMERS[0].billing_profile, "447700900123")
        self._billed(self._put(order.fulfilled()), CUSTOMERS[0])

    def an_order_fails_and_is_mended(self) -> None:
        """BRM refuses the order's last line: nothing of it remains; mended, it is billed once."""
        heading("Another order, but the cross-reference of the paper bill names a product that BRM does not sell")
        paper = XrefRow(XrefTable.ITEM_ITEMID.value, "item-paper-bill", _BRM, RETIRED)
        self.gateway.admin.load_xref([paper], replacing=True)
        customer = CUSTOMERS[1]
        order = orders.mobile_order("1-10002", customer.account, customer.billing_profile, "447700900456")
        intake = self._put(order)
        failed, answer = self._ended(intake), self._answer()
        self._story(intake)
        self._nothing_remains(failed, customer)
        _show_response(answer)
        heading("The cross-reference is mended, the order resubmitted")
        good = customers.PRODUCTS["item-paper-bill"]
        self.gateway.admin.load_xref([replace(paper, value=good)], replacing=True)
        self.gateway.admin.resubmit([intake])
        self._billed(intake, customer)

    # ---- what is shown

    def _billed(self, intake: int, customer: Customer, *, whole: bool = False) -> None:
        message = self._ended(intake)
        answer = self._answer()
        self._story(intake)
        if message.state is not State.DONE:
            raise Failed(f"The order ended as {message.state}: {message.reason}")
        self._bought(customer)
        _show_response(answer, whole=whole)

    def _put(self, order: orders.Order) -> int:
        intake = self.gateway.admin.put(ORDERS, orders.ebm(order))
        console.print(f"[green]put[/green] order {order.number} on {ORDERS}: message {intake}")
        return intake

    def _ended(self, intake: int) -> Message:
        """Wait for the message's outcome."""

        def outcome() -> Message | None:
            message = self.gateway.admin.message(intake)
            return message if message.state in (State.DONE, State.ERROR) else None

        return waited(outcome, f"message {intake}")

    def _story(self, intake: int) -> None:
        told = [record(step) for step in self.gateway.admin.story(intake)]
        last = max(step["attempt"] for step in told)
        latest = [{**step, "at": step["at"].strftime("%H:%M:%S.%f")[:-3]} for step in told if step["attempt"] == last]
        rows(("at", "step", "text"), latest, as_json=False, empty="")

    def _bought(self, customer: Customer) -> None:
        console.print(f"\n[bold]What {customer.first_name} {customer.last_name} now has in BRM[/bold]")
        [account] = holdings.accounts(self.gateway.brms[_BRM], customer.number)
        brm = self.gateway.brms[_BRM]
        found = [*holdings.services(brm, account.poid), *holdings.offerings(brm, account.poid)]
        rows(("poid", "id", "status", "since"), [record(each) for each in found], as_json=False, empty="Nothing.")
        console.print("\n[bold]what that charged[/bold]")
        charged = [record(each) for each in holdings.charges(brm, account.poid)]
        rows(("what", "amount", "at"), charged, as_json=False, empty="Nothing yet: all of it begins in a year.")
        console.print("\n[bold]and the cross-references to it[/bold]")
        made = {each.common for each in found}
        installed = self.gateway.admin.xref(XrefTable.INSTALLEDPRODUCT_ID.value)
        self._xref([row for row in installed if row.common in made])

    def _nothing_remains(self, message: Message, customer: Customer) -> None:
        console.print(f"\n[bold]Message {message.intake} lies in {ORDERS}_ErrorQ[/bold]")
        for failed in self.gateway.admin.errors(ORDERS):
            reason = failed.reason
            told = f"  {failed.intake}  {reason.code}: {reason.text}" if reason else f"  {failed.intake}"
            console.print(literal(told))
        brm = self.gateway.brms[_BRM]
        [account] = holdings.accounts(brm, customer.number)
        left = [*holdings.services(brm, account.poid), *holdings.offerings(brm, account.poid)]
        installed = self.gateway.admin.xref(XrefTable.INSTALLEDPRODUCT_ID.value, limit=10_000)
        rows_left = [row for row in installed if message.order in row.common]
        console.print(f"In BRM, {customer.first_name} {customer.last_name} has {len(left)} services and offerings;")
        console.print(f"the order has {len(rows_left)} cross-references.")

    def _answer(self) -> Element:
        return parse(waited(lambda: self.gateway.admin.get(RESPONSES), RESPONSES)[1])

    def _accounts(self) -> None:
        found = [record(each) for each in holdings.accounts(self.gateway.brms[_BRM])]
        rows(("number", "name", "status", "poid"), found, as_json=False, empty="")

    def _xref(self, found: Sequence[XrefRow]) -> None:
        rows(("table", "common", "column", "value"), [record(row) for row in found], as_json=False, empty="")


def _show_response(response: Element, *, whole: bool = False) -> None:
    console.print(f"\n[bold]The response on {RESPONSES}{'' if whole else ', in brief'}[/bold]")
    if whole:
        etree.indent(response)
        console.print(etree.tostring(response, encoding="unicode"), markup=False, soft_wrap=True)
        return
    for text in response.iterfind(f".//{_CORE}FaultMessage/{_CORE}Text"):
        console.print(literal(f"  {text.text}"))
    rows(("line", "status", "in BRM"), [*map(_brief, response.iter(_LINE))], as_json=False, empty="")


def _brief(line: Element) -> dict[str, str]:
    said = {
        "line": line.findtext(f"{_CORE}Identification/{_CORE}BusinessComponentID"),
        "status": line.findtext(f"{_CORE}Status/{_CORE}Description"),
        "in BRM": line.findtext(f".//{_CORE}ApplicationObjectKey/{_CORE}ID"),
    }
    return {name: text or "" for name, text in said.items()}
