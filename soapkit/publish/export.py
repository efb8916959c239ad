"""Writes contracts to a directory, as partners take them away: many files with relative imports, or one a service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soapkit.catalog import Contract, ContractError
from soapkit.publish.documents import files
from soapkit.publish.flat import flat


@dataclass(frozen=True, slots=True)
class Written:
    """A contract on disk: its WSDL, and whether this run wrote anything that was not there already."""

    service: str
    wsdl: Path
    files: int
    changed: bool


def export(
    contracts: Sequence[Contract], directory: Path, *, single: bool = False, base: str | None = None
) -> tuple[Written, ...]:
    """Write ``contracts`` below ``directory``; what is there and the same stays untouched.

    ``base`` (``https://o2c.example``) becomes the beginning of each address: ``<base>/services/<Name>``. ``single``
    writes one self-contained WSDL a service. Raises ContractError for two contracts that want one file, or one that
    cannot be single; OSError where nothing can be written.
    """
    planned = [(each, _planned(each, single=single, base=base)) for each in contracts]
    _check_apart(planned)
    return tuple(_written(contract, directory, documents, single=single) for contract, documents in planned)


def _planned(contract: Contract, *, single: bool, base: str | None) -> Mapping[str, bytes]:
    address = None if base is None else f"{base.rstrip('/')}/services/{contract.name}"
    return {f"{contract.name}.wsdl": flat(contract, address)} if single else files(contract, address)


def _check_apart(planned: Sequence[tuple[Contract, Mapping[str, bytes]]]) -> None:
    seen: dict[str, tuple[str, bytes]] = {}
    for contract, documents in planned:
        for name, content in documents.items():
            owner, before = seen.setdefault(name, (contract.name, content))
            if before != content:
                raise ContractError(f"{owner} and {contract.name} both want a file {name}, with different content")


def _written(contract: Contract, directory: Path, documents: Mapping[str, bytes], *, single: bool) -> Written:
    changed = [_write(directory / name, content) for name, content in documents.items()]
    main = f"{contract.name}.wsdl" if single else contract.wsdl
    return Written(contract.name, directory / main, len(documents), any(changed))


def _write(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def contracts_below(path: Path) -> Iterator[Path]:
    """Yield the WSDL files at or below ``path`` that hold a service; those that others import hold none."""
    found = sorted(path.rglob("*.wsdl")) if path.is_dir() else [path]
    for each in found:
        if len(found) == 1 or b"service>" in each.read_bytes():
            yield each
