"""What a partner has said and Siebel may have by now, although it is not noted yet: kept before Siebel is written.

Should the gateway die between the two, Siebel tells the change before the partner says it again. By these words it is
found to be the partner's own, and is not told it: by then it may have another value, which it would lose.
What is written to Siebel because a BRM has it is foreseen alike: where Siebel has it, both sides had it then.
The words are kept beside the known states, under the component's name with a mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from gateway.messaging.ports import Work
from gateway.messaging.synced import KnownValue, SyncState

Place = tuple[str, str]
Words = Mapping[Place, Mapping[str, KnownValue]]

_MARK = "?"


def foresee(work: Work, system: str, words: Words, now: datetime) -> None:
    """Keep what is about to be written. What the same message was to write when Siebel was read before, is no more."""
    for place, values in sorted(words.items()):
        numbers = {word.number for word in values.values()}
        held = work.synced.held(system, *_beside(place))
        others = {tag: word for tag, word in held.items() if word.number not in numbers}
        work.synced.settle(SyncState(system, *_beside(place), {**others, **values}), now)


def foreseen(work: Work, system: str, places: Iterable[Place]) -> Words:
    """Return what was said of these instances, and is not noted yet."""
    beside = {_beside(place): place for place in places}
    return {beside[found]: words for found, words in work.synced.states(system, list(beside)).items()}


def all_noted(system: str, place: Place) -> SyncState:
    """Return the state that forgets all that was said of an instance."""
    return SyncState(system, *_beside(place), {})


def noted(work: Work, system: str, known: Words, now: datetime) -> None:
    """Forget what was said of fields of which it is known by now what the partner has; what it said since, stays."""
    for place, words in sorted(foreseen(work, system, known).items()):
        if not words.keys().isdisjoint(known[place]):
            held = work.synced.held(system, *_beside(place))
            left = {tag: word for tag, word in held.items() if not _is_noted(word, known[place].get(tag))}
            work.synced.settle(SyncState(system, *_beside(place), left), now)


def _is_noted(word: KnownValue, known: KnownValue | None) -> bool:
    return known is not None and word.number <= known.number


def _beside(place: Place) -> Place:
    component, row_id = place
    return component + _MARK, row_id
