"""Compares contracts as their callers see them: what changed, in words, and whether that breaks a caller.

A caller is code generated from the old contract, calling a service of the new one. What it writes must stay right;
what it reads must stay what it knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soapkit.catalog import Contract
from soapkit.contract_diff.change import Change, Part

__all__ = ["Change", "Part", "compare", "compare_all"]


def compare(old: Contract, new: Contract, *, tolerant: bool = False) -> tuple[Change, ...]:
    """Return what differs between two contracts of one service, in the order of the old one; empty = nothing.

    ``tolerant`` means callers that ignore elements they do not know, as JAX-WS and .NET do unless told otherwise.
    Addresses, documentation and prefixes are no differences. Raises ContractError for schemas that cannot be read.
    """
    from soapkit.contract_diff import services  # noqa: PLC0415 - what it needs takes long to import, and is rarely used

    return services.compare(old, new, tolerant=tolerant)


def compare_all(
    old: Sequence[Contract], new: Sequence[Contract], *, tolerant: bool = False
) -> Mapping[str, tuple[Change, ...]]:
    """Compare services by name: the changes of each, those without any included.

    A single service on either side is compared whatever its name is.
    """
    from soapkit.contract_diff import services  # noqa: PLC0415 - same

    return services.compare_all(old, new, tolerant=tolerant)
