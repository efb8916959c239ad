"""`o2c doctor`: why is this message refused, why can this endpoint not be used, and what is to be changed."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
import urllib3

from gateway import logs
from gateway.cli.output import Failed, Json, console, document, literal, record
from soapkit.catalog import Contract, contracts_root, load
from soapkit.doctor import endpoint as endpoints
from soapkit.doctor import letter
from soapkit.doctor import message as messages
from soapkit.doctor.contract import difference
from soapkit.doctor.finding import Finding, Verdict
from soapkit.publish.export import contracts_below

app = typer.Typer(no_args_is_help=True, help="Say what is wrong with a message or an endpoint, and what to change.")

_MARKS = {
    Verdict.OK: "[green]ok     [/green]",
    Verdict.WARNING: "[yellow]warning[/yellow]",
    Verdict.FAILED: "[red]failed [/red]",
    Verdict.UNKNOWN: "[dim]unknown[/dim]",
}


@app.callback()
def quietly() -> None:
    """Keep what the services would log out of the findings."""
    logs.configure(level="error", form="console")


@app.command()
def message(
    source: Annotated[
        Path, typer.Argument(help="A file: an envelope, a raw HTTP request, or curl -v's output. - = paste.")
    ],
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help='An HTTP header it came with: "SOAPAction: …".')
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which rules a message breaks, where, which toolkit produces that, and what to change.

    Exit status 1 when a service would refuse it.
    """
    findings = messages.examine(_letter(source, header or ()), _contracts(), _in_any_order)
    _tell(findings, as_json=as_json, healthy="A service would take this message.")


@app.command()
def endpoint(
    address: Annotated[str, typer.Argument(help="The address of a service: https://host/services/Name.")],
    user: Annotated[str | None, typer.Option(help="Call as this user (HTTP Basic).", envvar="O2C_DOCTOR_USER")] = None,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="O2C_DOCTOR_PASSWORD", help="Asked for when --user is given.", show_envvar=True, hidden=True
        ),
    ] = None,
    ca: Annotated[Path | None, typer.Option("--ca", help="PEM file of issuers to trust.", exists=True)] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for each answer.")] = 10.0,
    as_json: Json = False,
) -> None:
    """Check an endpoint: reachable, certificate, clock, WSDL and imports, address, contract version, authentication.

    Exit status 1 when calls would fail.
    """
    visit = endpoints.Visit(_address(address), _authorization(user, password), _readable_authorities(ca), timeout)
    known = {contract.name: contract for contract in _contracts()}
    findings = list(endpoints.examine(visit, lambda published: difference(published, known)))
    _tell(findings, as_json=as_json, healthy="This endpoint can be used.")


def _contracts() -> Sequence[Contract]:
    return [load(path) for path in contracts_below(contracts_root() / "wsdl")]


def _in_any_order(contract: Contract) -> bool:
    """BRM's services put the fields of an flist in order before they look at it."""
    return contract.wsdl.startswith("wsdl/brm/")


def _letter(source: Path, headers: Sequence[str]) -> letter.Letter:
    try:
        pasted = letter.read(sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes())
    except OSError as error:
        raise Failed(f"{source}: {error.strerror}") from error
    except letter.Unreadable as error:
        raise Failed(str(error)) from error
    for each in headers:
        name, colon, value = each.partition(":")
        if not colon:
            raise Failed(f"{each} is not Name: value")
        pasted = pasted.with_header(name.strip(), value.strip())
    return pasted


def _address(given: str) -> str:
    address = given.removesuffix("?wsdl").removesuffix("?WSDL")
    if not address.startswith(("http://", "https://")):
        raise Failed(f"{given} is not an http:// or https:// address")
    try:
        parts = urlsplit(address)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise Failed(f"{given}: {error}") from error
    if not is_whole or "@" in parts.netloc:
        raise Failed("The address must name a host, and no user: that one goes into --user")
    return address.partition("#")[0]


def _readable_authorities(ca: Path | None) -> Path | None:
    try:
        ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise Failed(f"{ca} holds no certificates in PEM form") from error
    return ca


def _authorization(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    secret = typer.prompt("Password", hide_input=True, err=True) if password is None else password
    return str(urllib3.make_headers(basic_auth=f"{user}:{secret}")["authorization"])


def _tell(findings: Sequence[Finding], *, as_json: bool, healthy: str) -> None:
    failed = any(finding.verdict is Verdict.FAILED for finding in findings)
    if as_json:
        document({"healthy": not failed, "findings": [record(finding) for finding in findings]})
    else:
        for finding in findings:
            _print(finding)
        console.print(
            f"[bold]{'' if failed else healthy}[/bold]" if not failed else "[bold]Mend what failed, top down.[/bold]"
        )
    if failed:
        raise typer.Exit(1)


def _print(finding: Finding) -> None:
    where = ", ".join(filter(None, (finding.path, f"line {finding.line}" if finding.line else "")))
    console.print(f"{_MARKS[finding.verdict]} [bold]{finding.check}[/bold]  {literal(finding.text)}", soft_wrap=True)
    for name, value in (("where", where), ("produced by", finding.produced_by), ("change", finding.change)):
        if value:
            console.print(f"          {name}: {literal(value)}", soft_wrap=True)
