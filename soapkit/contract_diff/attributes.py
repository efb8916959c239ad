"""Compares the attributes of two types."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree
from xmlschema.validators import XsdAttribute, XsdComplexType, XsdType

from soapkit.contract_diff.change import Change
from soapkit.contract_diff.simple_types import differences
from soapkit.contract_diff.verdicts import FINE_TO_SEND, MISSED, REFUSED, Verdicts


def attributes(old: XsdType, new: XsdType, path: str, verdicts: Verdicts) -> Iterator[Change]:
    """Yield what changed in the attributes of an element at ``path``."""
    if _open(old) != _open(new):
        text = f"attributes of others {'may stand here now' if _open(new) else 'may no longer stand here'}"
        yield verdicts.of("wildcard", path, text, narrower=_open(old))
    before, after = _attributes(old), _attributes(new)
    for each in sorted(before.keys() - after.keys()):
        effect = MISSED if verdicts.read_by_caller else REFUSED
        yield Change("attribute-removed", True, "this attribute is gone", effect, path=_below(path, each))
    for each in sorted(after.keys() - before.keys()):
        yield _added(after[each], _below(path, each), verdicts)
    for each in sorted(before.keys() & after.keys()):
        yield from _changed(before[each], after[each], _below(path, each), verdicts)


def _added(attribute: XsdAttribute, path: str, verdicts: Verdicts) -> Change:
    required = attribute.use == "required"
    breaking = required and not verdicts.read_by_caller
    fine = "toolkits ignore attributes they do not know" if verdicts.read_by_caller else FINE_TO_SEND
    text = f"new {'required' if required else 'optional'} attribute"
    return Change("attribute-added", breaking, text, REFUSED if breaking else fine, path=path)


def _changed(old: XsdAttribute, new: XsdAttribute, path: str, verdicts: Verdicts) -> Iterator[Change]:
    if old.use != new.use:
        required = new.use == "required"
        text = "is required now" if required else "is optional now"
        yield verdicts.of("attribute-use", path, text, narrower=required)
    yield from verdicts.fixed(old, new, path)
    for found in differences(old.type, new.type):
        yield verdicts.of("values", path, found.text, narrower=found.narrower)


def _attributes(kind: XsdType) -> dict[str, XsdAttribute]:
    found = kind.attributes.items() if isinstance(kind, XsdComplexType) else ()
    return {each: a for each, a in found if each and isinstance(a, XsdAttribute) and a.use != "prohibited"}


def _open(kind: XsdType) -> bool:
    """Whether a type takes attributes that it does not name."""
    return isinstance(kind, XsdComplexType) and None in kind.attributes


def _below(path: str, attribute: str) -> str:
    return f"{path}/@{etree.QName(attribute).localname}"
