"""`o2c` as an operator uses it: help everywhere, JSON wherever it lists, and what each command changes."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
import typer
from click.testing import Result
from lxml import etree
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.cli.output import Failed
from gateway.domain.brm import Flist
from gateway.messaging.queues import State
from tests.acceptance.answers import bare, header
from tests.acceptance.orders import SUBSCRIPTION, Customer, Order, alone, ebm, mobile
from tests.acceptance.processes import beside
from tests.acceptance.site import DEAL, MODIFY, ORDERS, RESPONSES, Site

Run = Callable[..., Result]


@contextmanager
def log_as_it_was() -> Iterator[None]:
    """Undo what a command's own logging configured: it logs to a stream that ends with the command."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def run(live: Site) -> Run:
    """Run a command beside the gateway; what it prints as JSON is checked to be JSON."""
    runner = CliRunner(env=beside(live))

    def invoke(*arguments: str, given: str | None = None) -> Result:
        with log_as_it_was():
            return cast("Result", runner.invoke(app, arguments, input=given))

    return invoke


def told(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def did(result: Result) -> str:
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def failing(live: Site, customer: Customer, item: str = "item-nowhere") -> Order:
    n = live.number()
    return Order(n, customer, (alone(f"{n}.paper", customer, SUBSCRIPTION, item),))


def commands(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)


TREE = {" ".join(path): command for path, command in commands(typer.main.get_command(app))}


# ---- help, and JSON


@pytest.mark.parametrize("command", TREE)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    shown = did(run(*command.split(), "--help"))

    assert "Usage:" in shown
    assert (TREE[command].help or "").strip()


def test_the_commands_that_the_issue_asks_for_are_there() -> None:
    wanted = {
        *("up", "demo", "config show", "xref list"),
        *("queue put", "queue get", "queue show", "queue resubmit", "queue edit", "queue discard", "queue list"),
        *("brm accounts", "brm services", "brm offerings"),
        *("brm transactions list", "brm transactions commit", "brm transactions abort"),
    }
    assert wanted <= set(TREE)


LISTS = (
    "queue list",
    f"queue show {ORDERS}",
    f"queue show {ORDERS}_ErrorQ",
    "queue order 1-10001",
    "queue alarms",
    "xref list",
    "brm accounts",
    "brm services",
    "brm offerings",
    "brm charges",
    "brm transactions list",
    "config show",
)


@pytest.mark.parametrize("command", LISTS)
def test_whatever_lists_can_be_read_by_scripts_and_by_people(live: Site, run: Run, command: str) -> None:
    live.bill(mobile(live.number(), live.customer()))

    assert isinstance(told(run(*command.split(), "--json")), list)
    assert did(run(*command.split())).strip()


def test_a_list_that_is_cut_off_says_so(live: Site, run: Run) -> None:
    live.consumed(mobile(live.number(), live.customer()))
    for command in (f"queue show {ORDERS}", "xref list", "brm accounts"):
        assert "the first 1; --limit shows more" in did(run(*command.split(), "--limit", "1"))


def test_a_list_is_a_command_with_json() -> None:
    listing = {"list", "show", "alarms", "accounts", "services", "offerings", "charges", "message", "order"}
    without = [
        name
        for name, command in TREE.items()
        if name.split()[-1] in listing
        and not hasattr(command, "commands")
        and "--json" not in {opt for param in command.params for opt in param.opts}
    ]
    assert without == []


# ---- queues


def test_an_order_is_put_followed_and_its_response_taken(live: Site, run: Run, tmp_path: Path) -> None:
    order = mobile(live.number(), live.customer())
    file = tmp_path / "order.xml"
    file.write_bytes(ebm(order))

    did(run("queue", "put", ORDERS, str(file)))
    [waiting] = told(run("queue", "show", ORDERS, "--state", "waiting", "--json"))
    live.drain()
    shown = told(run("queue", "message", str(waiting["intake"]), "--json"))
    [found] = told(run("queue", "order", order.number, "--json"))
    body = run("queue", "message", str(waiting["intake"]), "--body")
    response = etree.fromstring(run("queue", "get", RESPONSES).stdout_bytes)

    assert (shown["state"], shown["order"], shown["account"]) == ("done", order.number, order.customer.account)
    opcodes = [step["text"] for step in shown["story"] if step["step"] == "opcode"]
    assert [name for name in opcodes if name in (MODIFY, DEAL)] == [MODIFY, DEAL]
    assert (found["intake"], found["queue"]) == (waiting["intake"], ORDERS)
    assert body.stdout_bytes == ebm(order)
    assert header(response, "RequestEBMID") == order.message_id
    counts = {each["queue"]: each for each in told(run("queue", "list", "--json"))}
    assert counts[ORDERS]["waiting"] == 0
    assert counts[ORDERS]["done"] >= 1


def test_a_message_comes_from_standard_input_too(live: Site, run: Run) -> None:
    order = failing(live, live.customer())

    did(run("queue", "put", ORDERS, "-", given=ebm(order).decode()))

    [waiting] = told(run("queue", "show", ORDERS, "--state", "waiting", "--json"))
    live.drain()
    assert told(run("queue", "message", str(waiting["intake"]), "--json"))["state"] == "error"


def test_the_error_queue_shows_why_and_a_message_is_edited_and_billed(live: Site, run: Run, tmp_path: Path) -> None:
    customer = live.customer()
    wrong = failing(live, customer)
    intake = live.consumed(wrong).intake
    [entry] = [each for each in told(run("queue", "show", f"{ORDERS}_ErrorQ", "--json")) if each["intake"] == intake]
    assert (entry["code"], entry["kind"]) == ("O2C_UNKNOWN_REFERENCE", "business")
    assert "item-nowhere" in entry["reason"]
    assert "ItemReference" in entry["element"]
    file = tmp_path / "edited.xml"
    file.write_bytes(ebm(wrong.with_line(wrong.lines[0].asset, item="item-paper")))

    did(run("queue", "edit", str(intake), str(file)))
    live.drain()

    assert live.gateway.admin.message(intake).state is State.DONE
    assert set(live.brm.made(customer)) == {wrong.lines[0].asset}


def test_brackets_in_an_order_are_shown_as_they_are(live: Site, run: Run) -> None:
    order = failing(live, live.customer(), item="item[/b][red]")
    intake = live.consumed(order).intake

    assert "item[/b][red]" in "".join(did(run("queue", "show", f"{ORDERS}_ErrorQ")).split())
    assert "item[/b][red]" in did(run("queue", "message", str(intake)))


def test_all_of_one_code_are_resubmitted_and_others_stay(live: Site, run: Run) -> None:
    strangers = [live.customer(synced=False) for _ in range(2)]
    unsynced = [live.consumed(failing(live, each, "item-paper")).intake for each in strangers]
    other = live.consumed(failing(live, live.customer())).intake
    for each in strangers:
        live.know("CUSTOMERPARTY_ACCOUNTID", each.account, each.account_poid)
        live.know("CUSTOMERPARTY_BILLPROFILEID", each.profile, each.billinfo)

    did(run("queue", "resubmit", "--all", ORDERS, "--code", "AIA_ERR_AIACOMBMPI_0002"))
    live.drain()

    states = [live.gateway.admin.message(intake).state for intake in (*unsynced, other)]
    assert states == [State.DONE, State.DONE, State.ERROR]


def test_messages_are_resubmitted_by_number(live: Site, run: Run) -> None:
    intakes = [live.consumed(failing(live, live.customer())).intake for _ in range(2)]

    did(run("queue", "resubmit", *map(str, intakes)))

    assert [live.gateway.admin.message(intake).state for intake in intakes] == [State.WAITING] * 2
    live.drain()


def test_messages_are_discarded_by_number_and_all_at_once(live: Site, run: Run) -> None:
    first, second, third = (live.consumed(failing(live, live.customer())).intake for _ in range(3))

    did(run("queue", "discard", str(first)))
    did(run("queue", "discard", "--all", ORDERS))

    states = {live.gateway.admin.message(intake).state for intake in (first, second, third)}
    assert states == {State.DISCARDED}
    assert told(run("queue", "show", f"{ORDERS}_ErrorQ", "--json")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("queue", "message", "999999"),
        ("queue", "resubmit", "999999"),
        ("queue", "resubmit"),
        ("queue", "discard", "1", "--all", ORDERS),
        ("queue", "put", f"{ORDERS}_ErrorQ", "-"),
        ("queue", "put", ORDERS, "nowhere.xml"),
        ("queue", "get", ORDERS),
        ("queue", "get", "NOBODY_KNOWS_THIS_QUEUE"),
        ("queue", "settle", "999999"),
        ("xref", "delete", "INSTALLEDPRODUCT_ID", "nobody", "BRM_01"),
        ("xref", "load", "nowhere.csv"),
        ("xref", "rebuild", "--brm", "BRM_77"),
        ("brm", "accounts", "--brm", "BRM_77"),
        ("brm", "transactions", "commit", "1,ab,cd"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_fails_and_says_why(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, given="<x/>")

    assert result.exit_code != 0
    assert str(result.exception)


# ---- cross-references


def rows_of(file: Path, *rows: tuple[str, ...]) -> str:
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([("table", "common", "column", "value"), *rows])
    return str(file)


def test_cross_references_are_loaded_listed_replaced_and_deleted(live: Site, run: Run, tmp_path: Path) -> None:
    n = live.number()
    table, common = "INSTALLEDPRODUCT_ID", f"cli-{n}"
    find = ("xref", "list", table, "--common", common, "--json")
    row = {"table": table, "common": common, "column": "SEBL_01", "value": f"1-{n}"}
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps([row | {"value": f"2-{n}"}]))

    did(run("xref", "load", rows_of(tmp_path / "new.csv", tuple(row.values()))))
    loaded = told(run(*find))
    refused = run("xref", "load", str(changed))
    did(run("xref", "load", str(changed), "--replace"))
    replaced = told(run(*find))
    did(run("xref", "delete", table, common, "SEBL_01"))

    assert ([row], [row | {"value": f"2-{n}"}], []) == (loaded, replaced, told(run(*find)))
    assert refused.exit_code != 0


def test_what_a_system_calls_one_thing_cannot_name_another(live: Site, run: Run, tmp_path: Path) -> None:
    n = live.number()
    did(run("xref", "load", rows_of(tmp_path / "one.csv", ("INSTALLEDPRODUCT_ID", f"cli-{n}", "SEBL_01", f"1-{n}"))))

    result = run(
        "xref", "load", rows_of(tmp_path / "two.csv", ("INSTALLEDPRODUCT_ID", f"cli-{n}b", "SEBL_01", f"1-{n}"))
    )

    assert result.exit_code != 0
    assert f"SEBL_01 '1-{n}' is cli-{n} already, and cannot be cli-{n}b" in " ".join(str(result.exception).split())


def test_a_file_of_cross_references_is_loaded_all_or_none(live: Site, run: Run, tmp_path: Path) -> None:
    n = live.number()
    rows = (("INSTALLEDPRODUCT_ID", f"cli-{n}", "SEBL_01", f"1-{n}"), ("INSTALLEDPRODUCT_ID", f"cli-{n}b", "", "x"))

    result = run("xref", "load", rows_of(tmp_path / "rows.csv", *rows))

    assert result.exit_code != 0
    assert told(run("xref", "list", "--common", f"cli-{n}", "--json")) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", '{"table": "a"}'), ("b.json", "[1]"), ("c.json", "{"), ("d.csv", "table,common\na,b\n")],
    ids=["one-object", "numbers", "no-json", "columns-missing"],
)
def test_a_file_that_holds_no_cross_references_is_refused(run: Run, tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    result = run("xref", "load", str(file))
    assert isinstance(result.exception, Failed)


def test_a_spreadsheets_file_is_read_and_poids_lose_their_revisions(live: Site, run: Run, tmp_path: Path) -> None:
    common = f"cli-{live.number()}"
    file = Path(
        rows_of(tmp_path / "rows.csv", ("ITEM_ITEMID", common, "BRM_01", f"0.0.0.1 /product 9{live.number()} 7"))
    )
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    did(run("xref", "load", str(file)))
    [row] = told(run("xref", "list", "ITEM_ITEMID", "--common", common, "--json"))
    assert len(row["value"].split()) == 3


def test_cross_references_lost_are_rebuilt_from_what_brm_knows(live: Site, run: Run) -> None:
    customer, closed = live.customer(), live.customer()
    order = mobile(live.number(), customer)
    live.bill(order)
    live.bill(mobile(live.number(), closed))
    tables = ("CUSTOMERPARTY_ACCOUNTID", "CUSTOMERPARTY_BILLPROFILEID", "INSTALLEDPRODUCT_ID")
    admin = live.gateway.admin
    before = {table: admin.xref(table, column="BRM_01", limit=100_000) for table in tables}
    for rows in before.values():
        admin.delete_xref(rows)
    assert live.refused(failing(live, customer, "item-paper")).reason == "AIA_ERR_AIACOMBMPI_0002"

    did(run("xref", "rebuild"))

    after = {table: set(admin.xref(table, column="BRM_01", limit=100_000)) for table in tables}
    assert after == {table: set(rows) for table, rows in before.items()}
    assert set(live.xref(order.number)) == {line.asset for line in order.lines}


# ---- BRM


def test_brm_shows_accounts_services_offerings_and_charges_of_a_customer(live: Site, run: Run) -> None:
    customer = live.customer()
    number = f"A-{customer.account.removeprefix('acct-')}"
    order = mobile(live.number(), customer, mode="FULFILL BILLING")
    live.bill(order)

    [account] = told(run("brm", "accounts", number, "--json"))
    [service] = told(run("brm", "services", number, "--json"))
    offerings = told(run("brm", "offerings", number, "--json"))
    charges = told(run("brm", "charges", number, "--json"))

    assert (account["poid"], account["name"], account["status"]) == (customer.account_poid, "Ada Jones", "active")
    assert (service["id"], service["common"]) == (order.lines[0].service_id, order.lines[0].asset)
    made = {each["common"]: bare(each["poid"]) for each in offerings}
    assert made == {common: poid for common, poid in live.brm.made(customer).items() if common != service["common"]}
    assert sorted((each["what"], f"{float(each['amount']):.2f}") for each in charges) == live.brm.fees(customer)


@pytest.mark.parametrize(("verb", "there"), [("commit", 1), ("abort", 0)])
def test_a_prepared_transaction_is_settled_by_hand(live: Site, run: Run, verb: str, there: int) -> None:
    brm, n = live.gateway.brms["BRM_01"], live.number()
    customer = live.customer()
    transaction = f"1,{int(n):08x},0b"
    brm.open(transaction)
    service: Flist = {"SERVICE_OBJ": "0.0.0.1 /service/tv -1 0", "LOGIN": f"tv-{n}"}
    account = customer.account_poid
    flist: Flist = {"POID": account, "ACCOUNT_OBJ": account, "PROGRAM_NAME": "test", "SERVICES": {0: service}}
    brm.call(transaction, MODIFY, flist)
    brm.prepare(transaction)

    listed = {each["transaction"] for each in told(run("brm", "transactions", "list", "--json"))}
    did(run("brm", "transactions", verb, transaction))

    assert transaction in listed
    assert len(live.brm.owned("/service", customer)) == there
