"""Compares elements of two contracts, all the way down; what a type says is told once, where it is met first."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree
from xmlschema.validators import XsdAttribute, XsdComplexType, XsdElement, XsdType

from soapkit.contract_diff.change import Change
from soapkit.contract_diff.content import Content, Occurs, content_of
from soapkit.contract_diff.simple_types import differences, name
from soapkit.schema_model import text_type

_REFUSED = "requests that were right are refused"
_SURPRISED = "a caller may get what it does not know"
_MISSED = "a caller that reads it gets nothing"
_FINE_TO_SEND = "requests of old callers stay right"
_FINE_TO_READ = "what old callers get is what they know"
_STRICTNESS = {"skip": 0, "lax": 1, "strict": 2}


class Elements:
    """Compares one message that the caller writes (requests), or reads (``read_by_caller``: responses, faults).

    ``tolerant`` callers ignore elements they do not know.
    """

    def __init__(self, *, read_by_caller: bool, tolerant: bool = False) -> None:
        self._read = read_by_caller
        self._tolerant = tolerant
        self._seen: set[tuple[int, int]] = set()

    def compare(self, old: XsdElement, new: XsdElement, path: str) -> Iterator[Change]:
        """Yield what changed in an element at ``path``, and in all that it holds."""
        yield from self._declaration(old, new, path)
        yield from self._types(old.type, new.type, path)

    def _declaration(self, old: XsdElement, new: XsdElement, path: str) -> Iterator[Change]:
        if old.nillable != new.nillable:
            text = "may be nil now" if new.nillable else "may no longer be nil"
            yield self._value("nillable", path, text, narrower=not new.nillable)
        yield from self._fixed(old, new, path)

    def _fixed(self, old: XsdElement | XsdAttribute, new: XsdElement | XsdAttribute, path: str) -> Iterator[Change]:
        if old.fixed != new.fixed:
            text = f"the value is fixed: {new.fixed}" if new.fixed is not None else "the value is no longer fixed"
            yield self._value("fixed", path, text, narrower=new.fixed is not None)
        if old.default != new.default:
            text = f"the default is {new.default or 'gone'}, it was {old.default or 'none'}"
            effect = "leaving it out means something else"
            yield Change("default", breaking=True, text=text, effect=effect, path=path)

    def _value(self, rule: str, path: str, text: str, *, narrower: bool) -> Change:
        """Judge a change of what may be said: less in a request, or more in a response, breaks a caller."""
        breaking = narrower is not self._read
        effects = {(True, True): _SURPRISED, (True, False): _REFUSED}
        fine = _FINE_TO_READ if self._read else _FINE_TO_SEND
        return Change(rule, breaking, text, effects.get((breaking, self._read), fine), path=path)

    def _types(self, old: XsdType, new: XsdType, path: str) -> Iterator[Change]:
        if (id(old), id(new)) in self._seen:
            return
        self._seen.add((id(old), id(new)))
        if old.name != new.name and None not in (old.name, new.name) and isinstance(old, XsdComplexType):
            text = f"the type is called {name(new)}, it was {name(old)}"
            yield Change("type-renamed", breaking=False, text=text, effect="only generated code notices", path=path)
        texts = text_type(old), text_type(new)
        if (texts[0] is None) != (texts[1] is None):
            said = "holds elements now, it was text" if texts[1] is None else "is text now, it held elements"
            yield Change("content", breaking=True, text=said, effect="nothing of it is understood", path=path)
            return
        if texts[0] is not None and texts[1] is not None:
            for found in differences(texts[0], texts[1]):
                yield self._value("values", path, found.text, narrower=found.narrower)
        yield from self._attributes(old, new, path)
        yield from self._content(content_of(old), content_of(new), path)

    def _attributes(self, old: XsdType, new: XsdType, path: str) -> Iterator[Change]:
        before, after = _attributes(old), _attributes(new)
        for each in sorted(before.keys() - after.keys()):
            effect = _MISSED if self._read else _REFUSED
            yield Change("attribute-removed", True, "this attribute is gone", effect, path=f"{path}/@{_local(each)}")
        for each in sorted(after.keys() - before.keys()):
            required = after[each].use == "required"
            text = f"new {'required' if required else 'optional'} attribute"
            breaking = required and not self._read
            effect = _REFUSED if breaking else _FINE_TO_SEND if not self._read else "toolkits ignore unknown attributes"
            yield Change("attribute-added", breaking, text, effect, path=f"{path}/@{_local(each)}")
        for each in sorted(before.keys() & after.keys()):
            yield from self._attribute(before[each], after[each], f"{path}/@{_local(each)}")

    def _attribute(self, old: XsdAttribute, new: XsdAttribute, path: str) -> Iterator[Change]:
        if old.use != new.use:
            required = new.use == "required"
            text = "is required now" if required else "is optional now"
            yield self._value("attribute-use", path, text, narrower=required)
        yield from self._fixed(old, new, path)
        for found in differences(old.type, new.type):
            yield self._value("values", path, found.text, narrower=found.narrower)

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
        common = [each for each in old.elements if each in new.elements]
        yield from self._arrangement(old, new, frozenset(common), path)
        for each in common:
            (before, often), (after, now) = old.elements[each], new.elements[each]
            below = f"{path}/{_local(each)}"
            yield from self._occurrence(often, now, below)
            yield from self.compare(before, after, below)

    def _removed(self, element: str, path: str) -> Change:
        effect = _MISSED if self._read else _REFUSED
        return Change("element-removed", True, "this element is gone", effect, path=f"{path}/{_local(element)}")

    def _added(self, element: str, occurs: Occurs, path: str) -> Change:
        required = occurs.least > 0
        text = f"new {'required' if required else 'optional'} element"
        below = f"{path}/{_local(element)}"
        if not self._read:
            effect = "requests without it are refused" if required else _FINE_TO_SEND
            return Change("element-added", required, text, effect, path=below)
        effect = "callers ignore it" if self._tolerant else "toolkits that check what they get (zeep, Axis) refuse it"
        return Change("element-added", not self._tolerant, text, effect, path=below)

    def _occurrence(self, old: Occurs, new: Occurs, path: str) -> Iterator[Change]:
        if old.least != new.least:
            simple = {old.least, new.least} == {0, 1}
            said = "is required now" if new.least else "is optional now"
            text = said if simple else f"stands at least {new.least} times, it was {old.least}"
            yield self._value("occurs", path, text, narrower=new.least > old.least)
        if old.most != new.most:
            narrower = new.most is not None and (old.most is None or new.most < old.most)
            text = f"stands {new} times, it was {old}"
            yield self._value("occurs", path, text, narrower=narrower)

    def _wildcards(self, old: Content, new: Content, path: str) -> Iterator[Change]:
        before, after = len(old.wildcards), len(new.wildcards)
        if before != after:
            narrower = after < before
            text = (
                "elements of others may no longer stand here" if narrower else "elements of others may stand here now"
            )
            yield self._value("wildcard", path, text, narrower=narrower)
            return
        for then, now in zip(old.wildcards, new.wildcards, strict=True):
            if list(then.namespace) != list(now.namespace) or then.not_namespace != now.not_namespace:
                text, effect = "elements of other namespaces are taken here", "some are refused that were taken"
                yield Change("wildcard", True, text, effect, path=path)
            elif then.process_contents != now.process_contents:
                narrower = _STRICTNESS[now.process_contents] > _STRICTNESS[then.process_contents]
                text = f"elements of others are checked: {now.process_contents}, it was {then.process_contents}"
                yield self._value("wildcard", path, text, narrower=narrower)

    def _arrangement(self, old: Content, new: Content, common: frozenset[str], path: str) -> Iterator[Change]:
        before, after = old.shape(common), new.shape(common)
        if before != after:
            text = f"the elements stand as {_said(after)}, it was {_said(before)}"
            if _is_any_order_of(after, before) or _is_any_order_of(before, after):
                yield self._value("order", path, text, narrower=_is_any_order_of(before, after))
            else:
                yield Change("order", True, text, "a message in the old order is not valid in the new", path=path)


def _attributes(kind: XsdType) -> dict[str, XsdAttribute]:
    found = kind.attributes.items() if isinstance(kind, XsdComplexType) else ()
    return {each: a for each, a in found if each and isinstance(a, XsdAttribute) and a.use != "prohibited"}


def _is_any_order_of(shape: object, other: object) -> bool:
    """Whether ``shape`` is ``xs:all`` of what ``other`` has in sequence."""
    if not (isinstance(shape, tuple) and isinstance(other, tuple)):
        return False
    return (shape[0], other[0]) == ("all", "sequence") and sorted(shape[1], key=str) == sorted(other[1], key=str)


def _said(shape: object) -> str:
    if isinstance(shape, tuple):
        return f"{shape[0]} ({', '.join(_said(each) for each in shape[1])})"
    return _local(str(shape)) if shape else "nothing"


def _local(clark: str) -> str:
    return etree.QName(clark).localname


def _namespace(clark: str) -> str:
    return etree.QName(clark).namespace or "none"
