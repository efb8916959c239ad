"""`o2c cut`: Siebel's CUT workflows, those who are told of changes, conflicts, and further objects."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from lxml import etree

from gateway.admin.cut import CutDesk
from gateway.cli import cut_add
from gateway.cli.context import session
from gateway.cli.output import Failed, Json, document, done, record, rows

app = typer.Typer(no_args_is_help=True, help="Siebel's CUT workflows: data read, sent and received.")
app.command()(cut_add.add)

Subscriber = Annotated[str, typer.Argument(help="The subscriber's name in the settings.")]


def _desk(context: typer.Context) -> CutDesk:
    desk = session(context).gateway.workflows
    if desk is None:
        raise Failed("There is no Siebel in the settings: write a table [siebel.SEBL_01].")
    return desk


@app.command("list")
def list_workflows(context: typer.Context, as_json: Json = False) -> None:
    """List the workflows: what calls each, and whether it is switched on."""
    desk = _desk(context)
    found = [
        {
            "workflow": each.name,
            "service": each.about.contract.name,
            "operation": each.operation,
            "integration_object": each.about.integration_object,
            "on": each.name not in desk.off,
        }
        for each in desk.table
    ]
    columns = ("workflow", "service", "operation", "integration_object", "on")
    rows(columns, found, as_json=as_json, empty="No workflows.")


@app.command()
def get(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="OBJECT", help='The object: Account, "Trouble Ticket" …')],
    row_id: Annotated[str | None, typer.Argument(help="The record's row id.")] = None,
    search: Annotated[str | None, typer.Option(help="A search specification: \"[Name] LIKE 'J*'\".")] = None,
    sort: Annotated[str | None, typer.Option(help="What to sort by: Name, Created (DESCENDING).")] = None,
    page_size: Annotated[int | None, typer.Option(min=1, help="Records at most.")] = None,
    start: Annotated[int | None, typer.Option(min=0, help="The first record, from 0.")] = None,
    as_json: Json = False,
) -> None:
    """Get a record by its row id, or a page of what a search finds, as CUT Get answers it."""
    asked = {
        "Object_spcId": row_id,
        "SearchSpec": search,
        "SortSpec": sort,
        "PageSize": page_size,
        "StartRowNum": start,
    }
    output = _desk(context).get(name, {each: str(value) for each, value in asked.items() if value is not None})
    found = next((each for each in output if etree.QName(each).localname.startswith("ListOf")), None)
    if as_json:
        told = {etree.QName(each).localname: each.text or "" for each in output if each is not found}
        document(told | {"data": None if found is None else etree.tostring(found, encoding="unicode")})
    elif found is not None:
        etree.indent(found)
        sys.stdout.write(etree.tostring(found, encoding="unicode", with_tail=False) + "\n")


@app.command()
def subscribers(context: typer.Context, as_json: Json = False) -> None:
    """List those who are told of changes, and what waits for each of them."""
    found = [record(each) for each in _desk(context).subscribers()]
    shown = [each | {"objects": ", ".join(each["objects"])} for each in found]
    columns = ("name", "reached", "objects", "two_way", "winner", "latest_only", "waiting", "error", "oldest_waiting")
    rows(
        columns,
        found if as_json else shown,
        as_json=as_json,
        empty="No subscribers: the table cut.subscribers of the settings says who is told.",
    )


@app.command()
def conflicts(
    context: typer.Context,
    system: Annotated[str | None, typer.Option(help="Only those with this system.")] = None,
    row_id: Annotated[str | None, typer.Option("--record", help="Only those about this row id.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    as_json: Json = False,
) -> None:
    """List fields that both sides had changed, newest first: whose value stayed, and what was lost."""
    found = [record(each) for each in _desk(context).conflicts(system, row_id, limit)]
    columns = ("at", "system", "object", "record", "field", "siebel", "partner", "winner", "message_id")
    rows(columns, found, as_json=as_json, empty="No conflicts.", limit=limit)


@app.command("catch-up")
def catch_up(context: typer.Context, name: Subscriber, as_json: Json = False) -> None:
    """Tell a subscriber that fell behind the latest change of each record only."""
    count = _desk(context).catch_up(name)
    if as_json:
        document({"subscriber": name, "discarded": count})
        return
    done(f"{name} is told the latest change of each record; {count} earlier ones are not sent.")
