"""The directory through which tests and partners talk: what to call, and what came of it.

services.tsv            service, WSDL URL
calls.tsv               call, service, operation, element of the answer, element of the fault, version of SOAP
messages/<call>.xml     the body element to send; <call>.header.xml a header block
credentials.tsv         user, password: to be proved by a UsernameToken; not there for most
packages.tsv            namespace, Java package: for those of which Axis makes no package that compiles
soap12/<service>.wsdl   the contract as it were if it declared SOAP 1.2, for toolkits that follow the binding
typed/<call>.xml        the typed answer, or the typed detail of a fault, written back
facts.tsv               what the partner tells, a fact a line:
    generated, service
    member, service, {namespace}type, name, many|one, optional|required
    answer, call
    fault, call, class
    accepted, call      (it was one-way)
    error, call, what   (anything else)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soapkit.publish.pages import namespaces
from soapkit.publish.toolkits import axis_packages
from tests.interop.cases import Case, contracts


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a partner sees it. ``answer`` and ``fault`` are elements in Clark notation, or empty."""

    name: str
    service: str
    operation: str
    answer: str
    fault: str
    version: str


@dataclass(frozen=True, slots=True)
class Script:
    """The directory ``path``, read and written from either side."""

    path: Path

    def write(self, services: Mapping[str, str], cases: Iterable[Case]) -> None:
        """Write what a partner is to do."""
        for name in ("messages", "typed", "soap12"):
            (self.path / name).mkdir()
        _write(self.path / "services.tsv", services.items())
        found = axis_packages(name for each in services for name in namespaces(contracts()[each]))
        _write(self.path / "packages.tsv", found.items())
        _write(self.path / "calls.tsv", [self._call(case) for case in cases])

    def _call(self, case: Case) -> Sequence[str]:
        (self.path / "messages" / f"{case.name}.xml").write_bytes(case.message)
        if case.header is not None:
            (self.path / "messages" / f"{case.name}.header.xml").write_bytes(case.header)
        operation = case.operation
        fault = next(iter(operation.faults.values()), "")
        return case.name, case.contract.name, operation.name, operation.output or "", fault, case.version

    def services(self) -> dict[str, str]:
        """Return service → WSDL URL."""
        return {row[0]: row[1] for row in _read(self.path / "services.tsv")}

    def calls(self) -> list[Call]:
        """Return the calls to make, in their order."""
        return [Call(*fields) for fields in _read(self.path / "calls.tsv")]

    def message(self, call: str) -> bytes:
        """Return the body element of a call."""
        return (self.path / "messages" / f"{call}.xml").read_bytes()

    def header(self, call: str) -> bytes | None:
        """Return the header block of a call."""
        path = self.path / "messages" / f"{call}.header.xml"
        return path.read_bytes() if path.exists() else None

    def tell(self, *fact: str) -> None:
        """Add a fact."""
        with (self.path / "facts.tsv").open("a", encoding="utf-8") as file:
            file.write("\t".join(" ".join(field.split()) for field in fact) + "\n")

    def facts(self, kind: str) -> list[tuple[str, ...]]:
        """Return the facts of a kind, without it."""
        return [tuple(rest) for found, *rest in _read(self.path / "facts.tsv") if found == kind]

    def in_soap_12(self, service: str) -> Path:
        """Return where the contract lies as it were if it declared SOAP 1.2; not there for most."""
        return self.path / "soap12" / f"{service}.wsdl"

    def log_in(self, user: str, password: str) -> None:
        """Let the partner prove who it is, with a UsernameToken."""
        _write(self.path / "credentials.tsv", [(user, password)])

    def credentials(self) -> tuple[str, str] | None:
        """Return user and password, if the partner is to prove who it is."""
        path = self.path / "credentials.tsv"
        if not path.exists():
            return None
        [(user, password)] = _read(path)
        return user, password

    def typed(self, call: str) -> Path:
        """Return where the typed answer of a call is written back to."""
        return self.path / "typed" / f"{call}.xml"


def _write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def _read(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line]
