"""How each toolkit is told to make stubs of a service, and how a shell calls one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

_ACTIVE = re.compile(r"[$`\"\\!%]")


@dataclass(frozen=True, slots=True)
class Toolkit:
    """A toolkit by name, and the command that a partner pastes."""

    name: str
    command: str


def toolkits(address: str) -> tuple[Toolkit, ...]:
    """Return the commands for the service at ``address``; they write below the working directory."""
    wsdl, single = _argument(f"{address}?wsdl"), _argument(f"{address}?singleWsdl")
    suds = _argument(f"from suds.client import Client; print(Client('{address}?wsdl'))")
    node = _argument(f"require('soap').createClientAsync('{address}?wsdl').then(c => console.log(c.describe()))")
    return (
        Toolkit("Python, zeep", f"python -m zeep {wsdl}"),
        Toolkit("Python, suds", f"python -c {suds}"),
        Toolkit("Java, JAX-WS", f"wsimport -keep -Xnocompile {wsdl}"),
        # one file, else Axis complains of types that two imports reach; -w, else a type of one list becomes an array
        Toolkit("Java, Axis 1.4", f'java -cp "$AXIS_CLASSPATH" org.apache.axis.wsdl.WSDL2Java -w {single}'),
        Toolkit("Node.js, soap", f"npm install soap && node -e {node}"),
        Toolkit(".NET", f"dotnet tool install --global dotnet-svcutil && dotnet-svcutil {single}"),
    )


def _argument(code: str) -> str:
    """Quote for a shell, with double quotes where that will do: all shells know them."""
    return quote(code) if _ACTIVE.search(code) else f'"{code}"'


def curl(address: str, operation: str, soap_action: str, *, credentials: bool) -> str:
    """Return a line that calls ``operation`` with the example request; put a file in its place for another."""
    user = "--user USER:PASSWORD " if credentials else ""
    example = quote(f"{address}?example={operation}")
    action = quote(f'SOAPAction: "{soap_action}"')
    return (
        f"curl -sS {user}{example} | curl -sS {user}-H 'Content-Type: text/xml; charset=utf-8' -H {action} "
        f"--data-binary @- {quote(address)}"
    )
