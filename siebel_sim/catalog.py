"""What is served: the contracts of one folder, and those that a team drops into another, from when they are there.

A dropped contract takes the place of every shipped service that has its name or one of its messages. One that cannot be
served is left out, and named with the reason: the others are served as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from lxml import etree

from siebel_sim.contracts import contracts_in, lenient
from siebel_sim.repository import Repository, repository
from siebel_sim.sidecars import RepositoryError
from soapkit.catalog import Contract, ContractError, load_again

_log = structlog.get_logger(__name__)
_READ = frozenset({".wsdl", ".xsd", ".toml"})
_UNUSABLE = (ContractError, RepositoryError, etree.XMLSchemaError, ValueError, OSError)

Seen = frozenset[tuple[str, int, int]]
"""What files there are: path, time of the last change, size."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Contracts that are served together, what they make, and the dropped files that are not, each with its reason."""

    contracts: tuple[Contract, ...]
    repository: Repository
    dropped: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)


class Catalog:
    """The offer as it is now. Raises ContractError and RepositoryError for shipped contracts that cannot be served."""

    def __init__(self, folder: Path, drop: Path | None = None) -> None:
        self._shipped = tuple(contracts_in(folder))
        self._drop = drop
        self._seen: Seen = frozenset()
        self.offer = Offer(self._shipped, repository(self._shipped))
        self.refresh()

    @property
    def repository(self) -> Repository:
        """What the contracts that are served now make together."""
        return self.offer.repository

    @property
    def may_change(self) -> bool:
        """Whether there is a folder for dropped contracts."""
        return self._drop is not None

    def refresh(self) -> Offer:
        """Look whether dropped files came, changed or went; the offer as it is then. For one thread at a time."""
        seen = _files(self._drop) if self._drop is not None else frozenset()
        if self._drop is not None and seen != self._seen:
            self.offer, self._seen = _offer(self._shipped, self._drop), seen
            for name, reason in self.offer.broken.items():
                _log.error("dropped contract is not served", file=name, reason=reason)
            _log.info("dropped contracts read", served=self.offer.dropped)
        return self.offer

    def shown(self) -> dict[str, object]:
        """Give what an operator is told of the folder of dropped contracts: what is served, and what is not and why."""
        return {"served": list(self.offer.dropped), "broken": dict(self.offer.broken)}


def _files(folder: Path) -> Seen:
    found = set()
    for path in folder.rglob("*"):
        if path.suffix in _READ:
            try:
                state = path.stat()
            except FileNotFoundError:  # it went in this moment
                continue
            found.add((str(path), state.st_mtime_ns, state.st_size))
    return frozenset(found)


def _offer(shipped: Sequence[Contract], folder: Path) -> Offer:
    """Take dropped contracts one after the other, by name: each has to go together with those before it."""
    taken: list[Contract] = []
    names: list[str] = []
    broken: dict[str, str] = {}
    for path in sorted(folder.rglob("*.wsdl")):
        name = path.relative_to(folder).as_posix()
        try:
            contract = load_again(path)
            _refuse_clash(contract, taken)
            _prove(contract, (*_without(shipped, [*taken, contract]), *taken, contract))
        except _UNUSABLE as error:
            said = " ".join(str(error).replace(f"{folder}/", "").split())
            broken[name] = said.removeprefix(f"{name}: ")
        else:
            taken.append(contract)
            names.append(name)
    contracts = (*_without(shipped, taken), *taken)
    return Offer(contracts, repository(contracts), tuple(names), broken)


def _prove(contract: Contract, together: Iterable[Contract]) -> None:
    lenient(contract, repository(together).objects[contract].values())


def _refuse_clash(contract: Contract, taken: Iterable[Contract]) -> None:
    for other in taken:
        if other.name == contract.name or set(contract.inputs) & set(other.inputs):
            raise ContractError(f"{contract.name} or a message of it is in {other.wsdl} as well")


def _without(shipped: Sequence[Contract], taken: Sequence[Contract]) -> Iterator[Contract]:
    names = {contract.name for contract in taken}
    messages = {message for contract in taken for message in contract.inputs}
    return (each for each in shipped if each.name not in names and not messages & set(each.inputs))
