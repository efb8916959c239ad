"""Compares simple types by the values they take: which are taken no longer, which are taken now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xmlschema.validators import XsdAtomic, XsdList, XsdSimpleType, XsdType, XsdUnion

_ANY_TEXT = {"string", "anySimpleType", "anyAtomicType"}
_WHITE_SPACE = ("preserve", "replace", "collapse")


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which two types differ; ``narrower`` says that the new one takes less, else it takes more."""

    narrower: bool
    text: str


def differences(old: XsdSimpleType, new: XsdSimpleType) -> Iterator[Difference]:
    """Yield how the values of ``new`` differ from those of ``old``; nothing when they are the same."""
    if old is new:
        return
    kinds = _kind(old), _kind(new)
    if kinds[0] != kinds[1]:
        yield from _other_kind(*kinds)
        return
    items = _item(old), _item(new)
    if items[0] is not None and items[1] is not None:
        yield from differences(items[0], items[1])
    yield from _enumerations(old, new)
    if not old.enumeration and not new.enumeration:
        yield from _bounds(old, new)
        yield from _patterns(old, new)
    yield from _white_space(old, new)


def name(kind: XsdType) -> str:
    """Return what people call the type: its own name, or that of what it restricts."""
    return kind.local_name or (name(kind.base_type) if kind.base_type is not None else "a type without a name")


def _kind(kind: XsdSimpleType) -> str:
    """Return the primitive type, with whole numbers apart from other decimals; ``list`` and ``union`` for those."""
    if _item(kind) is not None:
        return "list"
    if any(isinstance(each, XsdUnion) for each in _ancestry(kind)):
        return "union of " + ", ".join(sorted(_members(kind)))
    primitive = kind.primitive_type if isinstance(kind, XsdAtomic) else None
    found = (primitive.local_name if primitive is not None else None) or "anySimpleType"
    return "integer" if any(each.local_name == "integer" for each in _ancestry(kind)) else found


def _ancestry(kind: XsdType | None) -> Iterator[XsdType]:
    while kind is not None:
        yield kind
        kind = kind.base_type


def _item(kind: XsdSimpleType) -> XsdSimpleType | None:
    return next((each.item_type for each in _ancestry(kind) if isinstance(each, XsdList)), None)


def _members(kind: XsdSimpleType) -> Iterator[str]:
    for each in _ancestry(kind):
        if isinstance(each, XsdUnion):
            yield from (name(member) for member in each.member_types)


def _other_kind(old: str, new: str) -> Iterator[Difference]:
    text = f"the type is {new}, it was {old}"
    if new not in _ANY_TEXT and (old, new) != ("integer", "decimal"):
        yield Difference(narrower=True, text=text)
    if old not in _ANY_TEXT and (old, new) != ("decimal", "integer"):
        yield Difference(narrower=False, text=text)


def _enumerations(old: XsdSimpleType, new: XsdSimpleType) -> Iterator[Difference]:
    before, after = _listed(old), _listed(new)
    if before and after:
        if gone := [each for each in before if each not in after]:
            yield Difference(narrower=True, text=f"no longer one of the values: {', '.join(gone)}")
        if added := [each for each in after if each not in before]:
            yield Difference(narrower=False, text=f"new values: {', '.join(added)}")
    elif after:
        yield Difference(narrower=True, text=f"only these values are left: {', '.join(after)}")
    elif before:
        yield Difference(narrower=False, text="the list of values was opened: others may come")


def _listed(kind: XsdSimpleType) -> list[str]:
    return [str(each) for each in kind.enumeration or ()]


def _bounds(old: XsdSimpleType, new: XsdSimpleType) -> Iterator[Difference]:
    rows = (
        ("shortest length", _least_length(old), _least_length(new), True),
        ("longest length", _most_length(old), _most_length(new), False),
        ("smallest value", _bound(old, "min"), _bound(new, "min"), True),
        ("largest value", _bound(old, "max"), _bound(new, "max"), False),
        ("number of digits", _facet(old, "totalDigits"), _facet(new, "totalDigits"), False),
        ("number of digits after the point", _facet(old, "fractionDigits"), _facet(new, "fractionDigits"), False),
    )
    for text, before, after, is_least in rows:
        if before != after:
            yield Difference(
                _tighter(before, after, is_least=is_least), f"{text}: {_said(after)}, it was {_said(before)}"
            )


def _tighter(before: Any, after: Any, *, is_least: bool) -> bool:
    if before is None or after is None:
        return before is None
    if before[0] == after[0]:
        return bool(after[1])  # the same value, now excluded
    return bool(after[0] > before[0]) if is_least else bool(after[0] < before[0])


def _said(bound: Any) -> str:
    if bound is None:
        return "any"
    return f"{'not quite ' if bound[1] else ''}{bound[0]}"


def _least_length(kind: XsdSimpleType) -> Any:
    return (kind.min_length, False) if kind.min_length else None


def _most_length(kind: XsdSimpleType) -> Any:
    return None if kind.max_length is None else (kind.max_length, False)


def _bound(kind: XsdSimpleType, side: str) -> Any:
    """Return the tightest bound of the type and all it restricts, and whether it is excluded itself."""
    for each in _ancestry(kind):
        for facet, excluded in ((f"{side}Exclusive", True), (f"{side}Inclusive", False)):
            found = _own_facet(each, facet)
            if found is not None:
                return found.value, excluded
    return None


def _facet(kind: XsdSimpleType, facet: str) -> Any:
    found = next((own for each in _ancestry(kind) if (own := _own_facet(each, facet)) is not None), None)
    return None if found is None else (found.value, False)


def _own_facet(kind: XsdType, facet: str) -> Any:
    facets = getattr(kind, "facets", {})
    return facets.get(f"{{http://www.w3.org/2001/XMLSchema}}{facet}")


def _patterns(old: XsdSimpleType, new: XsdSimpleType) -> Iterator[Difference]:
    before, after = _all_patterns(old), _all_patterns(new)
    if before == after:
        return
    if not before <= after:  # patterns of one step are alternatives, those of several steps must all hold
        yield Difference(narrower=False, text=f"texts no longer need to match {_joined(before - after)}")
    if not after <= before:
        yield Difference(narrower=True, text=f"texts must match {_joined(after - before)}")


def _all_patterns(kind: XsdSimpleType) -> frozenset[str]:
    found: set[str] = set()
    for each in _ancestry(kind):
        own = _own_facet(each, "pattern")
        if own is not None:
            found.add(" or ".join(own.regexps))
    return frozenset(found)


def _joined(patterns: frozenset[str]) -> str:
    return " and ".join(sorted(patterns))


def _white_space(old: XsdSimpleType, new: XsdSimpleType) -> Iterator[Difference]:
    before, after = old.white_space or "preserve", new.white_space or "preserve"
    if before != after:
        said = f"white space: {after}, it was {before}"
        yield Difference(narrower=_WHITE_SPACE.index(after) < _WHITE_SPACE.index(before), text=said)
