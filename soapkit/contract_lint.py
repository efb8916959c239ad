"""Checks that WSDL and XSD files can be used from any toolkit: ``python -m soapkit.contract_lint wsdl xsd``.

It judges shape, documentation and imports, in files and across them. That a schema is valid is for a compiler to say.
The rules, and what each is for, are the tables of ``soapkit.contract_rules``; those of WS-I Basic Profile 1.1 are in
``soapkit.profile_rules``, called by their R-numbers.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from soapkit import profile_rules as profile
from soapkit.contract_rules import DOCUMENTATION, SERVICE, SHAPE, TYPES, Element, Index, Rule, Spot, local
from soapkit.documents import WSDL
from soapkit.faults import Refused
from soapkit.limits import parse
from soapkit.rpc.rules import RPC, is_rpc, not_a_twin
from soapkit.schemas import XSD

_WANTED = {
    f"{{{WSDL}}}import": ("R2001", f"{{{WSDL}}}definitions"),
    f"{{{XSD}}}import": ("R2004", f"{{{XSD}}}schema"),
    f"{{{XSD}}}include": ("R2004", f"{{{XSD}}}schema"),
}
"""What an import must lead to, and the rule that says so."""

# Siebel's shape is given, and stays.
EXEMPT = ("xsd/siebel",)


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule; prints as ``file:line: rule: text``."""

    file: Path
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Document:
    file: Path
    root: Element
    shape_is_ours: bool

    def schemas(self) -> tuple[Element, ...]:
        return tuple(self.root.iter(f"{{{XSD}}}schema"))

    def rules(self) -> Iterator[tuple[Mapping[str, Rule], tuple[Element, ...]]]:
        yield profile.DOCUMENT, (self.root,)
        yield DOCUMENTATION, self.schemas()
        yield profile.SCHEMA, self.schemas()
        if self.shape_is_ours:
            yield SHAPE, self.schemas()
        if self.root.tag == f"{{{WSDL}}}definitions":
            yield RPC if is_rpc(self.root) else SERVICE, (self.root,)
            yield profile.DESCRIPTION, (self.root,)

    def finding(self, rule: str, spot: Spot) -> Finding:
        line = cast("int | None", spot[0].sourceline)
        return Finding(self.file, line or 0, rule, spot[1])


def lint(paths: Sequence[Path], *, exempt: Sequence[str] = EXEMPT) -> tuple[Finding, ...]:
    """Check all ``.wsdl`` and ``.xsd`` files at or below ``paths``; below ``exempt`` schemas may have any shape.

    A path or file that cannot be read is a finding of the rule ``readable``.
    """
    documents, findings = _load(paths, exempt)
    index = Index(schema for document in documents for schema in document.schemas())
    for document in documents:
        findings += _apply(document, index)
        findings += [document.finding("import-location", spot) for spot in _imports(document)]
        findings += [document.finding("rpc-twin", spot) for spot in _untwinned(document)]
        findings += [document.finding(rule, spot) for rule, spot in _led_to(document, documents)]
    findings += _namespace_case([document for document in documents if document.shape_is_ours])
    return tuple(sorted(findings, key=lambda found: (str(found.file), found.line, found.rule)))


def _load(paths: Sequence[Path], exempt: Sequence[str]) -> tuple[list[_Document], list[Finding]]:
    documents, findings = [], []
    for file in (file for path in paths for file in _files(path)):
        shape_is_ours = not any(f"/{directory.strip('/')}/" in f"/{file.as_posix()}" for directory in exempt)
        try:
            documents.append(_Document(file, parse(file.read_bytes()), shape_is_ours))
        except OSError as error:
            findings.append(Finding(file, 0, "readable", error.strerror or str(error)))
        except Refused as error:
            findings.append(Finding(file, error.line or 0, "readable", error.text))
    return documents, findings


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.suffix in {".wsdl", ".xsd"}) if path.is_dir() else [path]


def _apply(document: _Document, index: Index) -> list[Finding]:
    return [
        document.finding(name, spot)
        for rules, roots in document.rules()
        for name, rule in rules.items()
        for root in roots
        for spot in rule(root, index)
    ]


def _untwinned(document: _Document) -> Iterator[Spot]:
    """Services are document/literal; one of style rpc is the twin of another."""
    if is_rpc(document.root) and (why := not_a_twin(document.file)):
        yield document.root, why


def _imports(document: _Document) -> Iterator[Spot]:
    for node in document.root.iter(f"{{{XSD}}}import", f"{{{XSD}}}include", f"{{{WSDL}}}import"):
        location = node.get("schemaLocation") or node.get("location")
        if not location:
            yield node, f"the import of {node.get('namespace')} has no location"
        elif urlsplit(location).scheme or location.startswith("/"):
            yield node, f"{location} is not a relative location"
        elif not (document.file.parent / unquote(location)).is_file():
            yield node, f"{location} does not exist"


def _led_to(document: _Document, documents: Sequence[_Document]) -> Iterator[tuple[str, Spot]]:
    """Judge what imports lead to, by WS-I Basic Profile; a file that is not being linted is not judged."""
    roots = {each.file.resolve(): each.root for each in documents}
    for node in document.root.iter(f"{{{XSD}}}import", f"{{{XSD}}}include", f"{{{WSDL}}}import"):
        location = node.get("schemaLocation") or node.get("location") or ""
        target = roots.get((document.file.parent / unquote(location)).resolve())
        if target is None:
            continue
        rule, wanted = _WANTED[str(node.tag)]
        if target.tag != wanted:
            yield rule, (node, f"{location} is no {wanted.rpartition('}')[2]}")
        elif rule == "R2001" and target.get("targetNamespace") != node.get("namespace"):
            yield "R2005", (node, f"{location} is of the namespace {target.get('targetNamespace')}")


def _namespace_case(documents: Sequence[_Document]) -> Iterator[Finding]:
    """Across files: names of types, and of global elements, of one namespace."""
    spellings: dict[tuple[str | None, bool, str], dict[str, Finding]] = defaultdict(dict)
    for document in documents:
        for schema in document.schemas():
            for node in schema.iterchildren(*TYPES, f"{{{XSD}}}element"):
                key = (schema.get("targetNamespace"), node.tag in TYPES, local(node).casefold())
                first = next(iter(spellings[key]), "")
                found = document.finding("case-only", (node, f"{local(node)} differs by case only from {first}"))
                spellings[key].setdefault(local(node), found)
    for same in spellings.values():
        yield from list(same.values())[1:]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print findings, one a line; return 1 if there are any."""
    options = argparse.ArgumentParser(prog="python -m soapkit.contract_lint", description=__doc__)
    options.add_argument("paths", nargs="+", type=Path, help="WSDL and XSD files, or directories of them")
    options.add_argument("--exempt", action="append", metavar="DIRECTORY", help="schemas below it may have any shape")
    chosen = options.parse_args(arguments)
    findings = lint(chosen.paths, exempt=chosen.exempt or EXEMPT)
    sys.stdout.writelines(f"{found}\n" for found in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
