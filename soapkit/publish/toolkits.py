"""How each toolkit is told to make stubs of a service, and how a shell calls one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from shlex import quote
from urllib.parse import unquote, urlsplit

_ACTIVE = re.compile(r"[$`\"\\!%]")


@dataclass(frozen=True, slots=True)
class Toolkit:
    """A toolkit by name, and the command that a partner pastes."""

    name: str
    command: str


def toolkits(address: str, namespaces: Iterable[str] = ()) -> tuple[Toolkit, ...]:
    """Return the commands for the service at ``address``; they write below the working directory.

    ``namespaces`` are its schemas': some have to be told how to be called in Java.
    """
    wsdl, single = _argument(f"{address}?wsdl"), _argument(f"{address}?singleWsdl")
    suds = _argument(f"from suds.client import Client; print(Client('{address}?wsdl'))")
    named = "".join(f" -N {quote(f'{name}={package}')}" for name, package in axis_packages(namespaces).items())
    node = _argument(f"require('soap').createClientAsync('{address}?wsdl').then(c => console.log(c.describe()))")
    return (
        Toolkit("Python, zeep", f"python -m zeep {wsdl}"),
        Toolkit("Python, suds", f"python -c {suds}"),
        Toolkit("Java, JAX-WS", f"wsimport -keep -Xnocompile {wsdl}"),
        # one file, else Axis complains of types that two imports reach; -w, else a type of one list becomes an array
        Toolkit("Java, Axis 1.4", f'java -cp "$AXIS_CLASSPATH" org.apache.axis.wsdl.WSDL2Java -w{named} {single}'),
        Toolkit("Node.js, soap", f"npm install soap && node -e {node}"),
        Toolkit(".NET", f"dotnet tool install --global dotnet-svcutil && dotnet-svcutil {single}"),
    )


def axis_packages(namespaces: Iterable[str]) -> Mapping[str, str]:
    """Name a Java package for each namespace of which Axis would make none that compiles: Siebel's with ``%20``."""
    return {name: _package(name) for name in sorted(namespaces) if "%" in name}


def _package(namespace: str) -> str:
    address = urlsplit(namespace)
    words = [*reversed((address.hostname or "").split(".")), *unquote(address.path).strip("/").split("/")]
    return ".".join(re.sub(r"\W", "_", word) for word in words)


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
