"""Judges a change of what may be said: less in a request breaks who writes it, more in a response who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xmlschema.validators import XsdAttribute, XsdElement

from soapkit.contract_diff.change import Change
from soapkit.contract_diff.content import Occurs

REFUSED = "requests that were right are refused"
MISSED = "a caller that reads it gets nothing"
FINE_TO_SEND = "requests of old callers stay right"
_SURPRISED = "a caller may get what it does not know"
_FINE_TO_READ = "what old callers get is what they know"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of a message that the caller reads, or else writes. ``tolerant`` callers ignore elements they do not know."""

    read_by_caller: bool
    tolerant: bool = False

    def of(self, rule: str, path: str, text: str, *, narrower: bool) -> Change:
        """Return the change, judged: ``narrower`` says that less is allowed than before, else more is."""
        breaking = narrower is not self.read_by_caller
        broken = _SURPRISED if self.read_by_caller else REFUSED
        fine = _FINE_TO_READ if self.read_by_caller else FINE_TO_SEND
        return Change(rule, breaking, text, broken if breaking else fine, path=path)

    def occurs(self, old: Occurs, new: Occurs, path: str) -> Iterator[Change]:
        """Judge how often something stands now."""
        if old.least != new.least:
            simple = {old.least, new.least} == {0, 1}
            said = "is required now" if new.least else "is optional now"
            text = said if simple else f"stands at least {new.least} times, it was {old.least}"
            yield self.of("occurs", path, text, narrower=new.least > old.least)
        if old.most != new.most:
            narrower = new.most is not None and (old.most is None or new.most < old.most)
            yield self.of("occurs", path, f"stands {new} times, it was {old}", narrower=narrower)

    def fixed(self, old: XsdElement | XsdAttribute, new: XsdElement | XsdAttribute, path: str) -> Iterator[Change]:
        """Judge fixed and default values."""
        if old.fixed != new.fixed:
            text = f"the value is fixed: {new.fixed}" if new.fixed is not None else "the value is no longer fixed"
            yield self.of("fixed", path, text, narrower=new.fixed is not None)
        if old.default != new.default:
            text = f"the default is {new.default or 'gone'}, it was {old.default or 'none'}"
            yield Change("default", breaking=True, text=text, effect="leaving it out means something else", path=path)
