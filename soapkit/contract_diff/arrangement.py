"""Compares how the elements that two types have in common stand: in which order, in which groups, how often those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from soapkit.contract_diff.change import Change
from soapkit.contract_diff.content import Content, Group
from soapkit.contract_diff.verdicts import Verdicts


def arrangement(old: Content, new: Content, path: str, verdicts: Verdicts) -> Iterator[Change]:
    """Yield what changed in the order and grouping of elements inside the one at ``path``."""
    common = frozenset(old.elements.keys() & new.elements.keys())
    then, now = old.arranged(common), new.arranged(common)
    before, after = _said(then), _said(now)
    if before == after:
        yield from _groups(then, now, path, verdicts)
        return
    text = f"the elements stand as {after}, it was {before}"
    models = _model(then), _model(now)
    if sorted(models) == ["all", "sequence"] and _parts(then) == _parts(now):
        yield verdicts.of("order", path, text, narrower=models == ("all", "sequence"))
    else:
        yield Change("order", True, text, "a message in the old order is not valid in the new", path=path)


def _groups(old: Group | str | None, new: Group | str | None, path: str, verdicts: Verdicts) -> Iterator[Change]:
    """Compare how often groups of the same arrangement stand."""
    if not (isinstance(old, Group) and isinstance(new, Group)):
        return
    for change in verdicts.occurs(old.occurs, new.occurs, path):
        yield replace(change, rule="group-occurs", text=f"{_said(old)}: {change.text}")
    for before, after in zip(_ordered(old), _ordered(new), strict=True):
        yield from _groups(before, after, path, verdicts)


def _said(part: Group | str | None) -> str:
    if isinstance(part, Group):
        return part.skeleton
    return etree.QName(part).localname if part else "nothing"


def _model(part: Group | str | None) -> str:
    return part.model if isinstance(part, Group) else ""


def _parts(part: Group | str | None) -> list[str]:
    return sorted(map(_said, part.parts)) if isinstance(part, Group) else []


def _ordered(group: Group) -> list[Group | str]:
    return list(group.parts) if group.model == "sequence" else sorted(group.parts, key=_said)
