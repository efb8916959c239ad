"""Compares elements of two contracts, all the way down; what a type says is told once, where it is met first."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree
from xmlschema.validators import XsdComplexType, XsdElement, XsdType

from soapkit.contract_diff.arrangement import arrangement
from soapkit.contract_diff.attributes import attributes
from soapkit.contract_diff.change import Change
from soapkit.contract_diff.content import Content, Occurs, content_of
from soapkit.contract_diff.simple_types import differences, name
from soapkit.contract_diff.verdicts import FINE_TO_SEND, MISSED, REFUSED, Verdicts
from soapkit.schema_model import text_type

_STRICTNESS = {"skip": 0, "lax": 1, "strict": 2}


class Elements:
    """Compares one message, element by element."""

    def __init__(self, verdicts: Verdicts) -> None:
        self._verdicts = verdicts
        self._seen: set[tuple[int, int]] = set()

    def compare(self, old: XsdElement, new: XsdElement, path: str) -> Iterator[Change]:
        """Yield what changed in an element at ``path``, and in all that it holds."""
        if old.nillable != new.nillable:
            text = "may be nil now" if new.nillable else "may no longer be nil"
            yield self._verdicts.of("nillable", path, text, narrower=not new.nillable)
        yield from self._substitutes(old, new, path)
        yield from self._verdicts.fixed(old, new, path)
        yield from self._types(old.type, new.type, path)

    def _substitutes(self, old: XsdElement, new: XsdElement, path: str) -> Iterator[Change]:
        """Compare which elements may stand there: itself unless it is abstract, and those of its substitution group."""
        before, after = _standing(old), _standing(new)
        if gone := sorted(before - after):
            yield self._verdicts.of("substitutes", path, f"may no longer stand here: {', '.join(gone)}", narrower=True)
        if added := sorted(after - before):
            yield self._verdicts.of("substitutes", path, f"may stand here now: {', '.join(added)}", narrower=False)

    def _types(self, old: XsdType, new: XsdType, path: str) -> Iterator[Change]:
        if (id(old), id(new)) in self._seen:
            return
        self._seen.add((id(old), id(new)))
        if old.name != new.name and None not in (old.name, new.name) and isinstance(old, XsdComplexType):
            text = f"the type is called {name(new)}, it was {name(old)}"
            yield Change("type-renamed", False, text, "only generated code notices", path=path)
        texts = text_type(old), text_type(new)
        if (texts[0] is None) != (texts[1] is None):
            said = "holds elements now, it was text" if texts[1] is None else "is text now, it held elements"
            yield Change("content", True, said, "nothing of it is understood", path=path)
            return
        if texts[0] is not None and texts[1] is not None:
            for found in differences(texts[0], texts[1]):
                yield self._verdicts.of("values", path, found.text, narrower=found.narrower)
        yield from self._mixed(old, new, path)
        yield from attributes(old, new, path, self._verdicts)
        yield from self._content(content_of(old), content_of(new), path)

    def _mixed(self, old: XsdType, new: XsdType, path: str) -> Iterator[Change]:
        if isinstance(old, XsdComplexType) and isinstance(new, XsdComplexType) and old.mixed != new.mixed:
            text = f"text between the elements is {'allowed now' if new.mixed else 'no longer allowed'}"
            yield self._verdicts.of("mixed", path, text, narrower=old.mixed)

    def _content(self, old: Content, new: Content, path: str) -> Iterator[Change]:
        gone = [each for each in old.elements if each not in new.elements]
        added = [each for each in new.elements if each not in old.elements]
        moved = {each: twin for each in gone for twin in added if _local(twin) == _local(each)}
        for each, twin in moved.items():
            text = f"its namespace is {_namespace(twin)}, it was {_namespace(each)}"
            effect = "it is another element to every toolkit"
            yield Change("element-namespace", True, text, effect, path=f"{path}/{_local(each)}")
        yield from (self._removed(each, path) for each in gone if each not in moved)
        yield from (self._added(each, new.elements[each][1], path) for each in added if each not in moved.values())
        yield from self._wildcards(old, new, path)
        yield from arrangement(old, new, path, self._verdicts)
        for each in (each for each in old.elements if each in new.elements):
            (before, often), (after, now) = old.elements[each], new.elements[each]
            below = f"{path}/{_local(each)}"
            yield from self._verdicts.occurs(often, now, below)
            yield from self.compare(before, after, below)

    def _removed(self, element: str, path: str) -> Change:
        effect = MISSED if self._verdicts.read_by_caller else REFUSED
        return Change("element-removed", True, "this element is gone", effect, path=f"{path}/{_local(element)}")

    def _added(self, element: str, occurs: Occurs, path: str) -> Change:
        required = occurs.least > 0
        text = f"new {'required' if required else 'optional'} element"
        below = f"{path}/{_local(element)}"
        if not self._verdicts.read_by_caller:
            effect = "requests without it are refused" if required else FINE_TO_SEND
            return Change("element-added", required, text, effect, path=below)
        tolerant = self._verdicts.tolerant
        effect = "callers ignore it" if tolerant else "toolkits that check what they get (zeep, Axis) refuse it"
        return Change("element-added", not tolerant, text, effect, path=below)

    def _wildcards(self, old: Content, new: Content, path: str) -> Iterator[Change]:
        before, after = len(old.wildcards), len(new.wildcards)
        if before != after:
            narrower = after < before
            text = f"elements of others may {'no longer stand here' if narrower else 'stand here now'}"
            yield self._verdicts.of("wildcard", path, text, narrower=narrower)
            return
        for then, now in zip(old.wildcards, new.wildcards, strict=True):
            if list(then.namespace) != list(now.namespace) or then.not_namespace != now.not_namespace:
                text, effect = "elements of other namespaces are taken here", "some are refused that were taken"
                yield Change("wildcard", True, text, effect, path=path)
            elif then.process_contents != now.process_contents:
                narrower = _STRICTNESS[now.process_contents] > _STRICTNESS[then.process_contents]
                text = f"elements of others are checked: {now.process_contents}, it was {then.process_contents}"
                yield self._verdicts.of("wildcard", path, text, narrower=narrower)
            yield from self._verdicts.occurs(
                Occurs(then.min_occurs, then.max_occurs), Occurs(now.min_occurs, now.max_occurs), f"{path}/*"
            )


def _standing(element: XsdElement) -> set[str]:
    candidates = [element, *element.iter_substitutes()]
    return {_local(each.name) for each in candidates if not each.abstract}


def _local(clark: str) -> str:
    return etree.QName(clark).localname


def _namespace(clark: str) -> str:
    return etree.QName(clark).namespace or "none"
