"""Who is told of changes: the subscribers of the settings, checked, with their conditions compiled."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from gateway.config import ConfigError, CutSettings, SubscriberSettings
from gateway.cut.conflicts import Winner
from gateway.cut.objects import CutObject
from gateway.cut.workflows import Kind, Workflow
from gateway.errors import BusinessError
from gateway.transforms.reading import Element

Conditions = Mapping[str, etree.XPath]
"""By an object's key, what a list must fulfil."""

IN_STEP_WITH_BRM = ("Account", "Phone Number")
"""What a BRM hears of, unless its settings name less."""


class NotBelieved(BusinessError):
    """A message says it is from a system whose user did not call."""

    code = "O2C_NOT_BELIEVED"


class Reached(StrEnum):
    """How a subscriber is reached."""

    URL = "url"
    QUEUE = "queue"
    BRM = "brm"


@dataclass(frozen=True, eq=False)
class Subscriber:
    """A back office: ``name`` is what settings and messages call it, ``objects`` are keys.

    ``system`` is what known states call it: a BRM's own id, else the name.
    """

    name: str
    system: str
    reached: Reached
    objects: frozenset[str]
    conditions: Conditions
    two_way: bool = False
    winner: Winner = Winner.SIEBEL
    latest_only: bool = False
    threads: int = 1
    caller: str | None = None

    @property
    def outgoing(self) -> str:
        """The queue of what it is still to be told."""
        return f"CUT_OUT_{self.name}"

    def wants(self, about: CutObject, of: Element) -> bool:
        """Tell whether it is to hear of a change: ``of`` is the list with the record."""
        return about.key in self.objects and _fulfilled(self.conditions, about, of)

    def in_step(self, about: CutObject) -> bool:
        """Tell whether an object is kept in step both ways with it."""
        return self.two_way and about.two_way


@dataclass(frozen=True, eq=False)
class Subscribers:
    """All of them; ``conditions`` must be fulfilled before anybody hears of a change."""

    each: tuple[Subscriber, ...]
    conditions: Conditions

    def named(self, name: str) -> Subscriber | None:
        """Return the subscriber that settings, or messages, call so."""
        return next((one for one in self.each if one.name == name), None)

    def wanting(self, about: CutObject, of: Element) -> tuple[Subscriber, ...]:
        """Return those who are to hear of a change: ``of`` is the list with the record."""
        if not _fulfilled(self.conditions, about, of):
            return ()
        return tuple(one for one in self.each if one.wants(about, of))

    def believed(self, source: str, caller: str) -> None:
        """Refuse a message whose source is a subscriber with a user, when another calls. Raises NotBelieved."""
        claimed = self.named(source)
        if claimed is not None and claimed.caller is not None and claimed.caller != caller:
            raise NotBelieved(f"only the user of {source} may say that a message is from {source}")


def subscribers(settings: CutSettings, table: Sequence[Workflow]) -> Subscribers:
    """Check and compile the settings. Raises ConfigError naming subscriber, object and rule."""
    about = tuple(dict.fromkeys(each.about for each in table))
    sent = [each.about for each in table if each.kind is Kind.SEND]
    conditions = _conditions(settings.conditions, about, "cut.conditions")
    each = tuple(_subscriber(name, of, about, sent) for name, of in settings.subscribers.items())
    return Subscribers(each, conditions)


def _subscriber(name: str, of: SubscriberSettings, about: Sequence[CutObject], sent: Sequence[CutObject]) -> Subscriber:
    place = f"cut.subscribers.{name}"
    wanted = of.objects or (IN_STEP_WITH_BRM if of.brm else tuple(one.name for one in sent))
    found = [_named(one, about, f"{place}.objects") for one in wanted]
    for one in found:
        if one not in sent:
            raise ConfigError(f"{place}.objects: there is no CUT Send {one.name} Data")
        if of.brm and one.name not in IN_STEP_WITH_BRM:
            raise ConfigError(f"{place}.objects: a BRM is kept in step with {' and '.join(IN_STEP_WITH_BRM)} only")
    reached = Reached.BRM if of.brm else Reached.QUEUE if of.queue else Reached.URL
    return Subscriber(
        name,
        of.brm or name,
        reached,
        frozenset(one.key for one in found),
        _conditions(of.conditions, about, f"{place}.conditions"),
        two_way=of.two_way or of.brm is not None,
        winner=Winner(of.winner),
        latest_only=of.latest_only,
        threads=of.threads,
        caller=of.caller,
    )


def _conditions(written: Mapping[str, str], about: Sequence[CutObject], place: str) -> Conditions:
    found = ((_named(name, about, place), expression) for name, expression in written.items())
    return {one.key: _compiled(one, expression, f"{place}.{one.name}") for one, expression in found}


def _compiled(about: CutObject, expression: str, place: str) -> etree.XPath:
    try:
        condition = etree.XPath(expression, namespaces={"io": about.namespace})
        condition(etree.Element(about.list_element))
    except (etree.XPathError, ValueError) as error:
        raise ConfigError(f"{place}: '{expression}' is no XPath expression: {error}") from error
    return condition


def _fulfilled(conditions: Conditions, about: CutObject, of: Element) -> bool:
    condition = conditions.get(about.key)
    return condition is None or bool(condition(of))


def _named(name: str, about: Iterable[CutObject], place: str) -> CutObject:
    known = {spelt: one for one in about for spelt in (one.name, one.key)}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        raise ConfigError(f"{place}: there is no object '{name}'{f'; did you mean {close[0]}?' if close else ''}")
    return known[name]
