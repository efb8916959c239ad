"""What a two-way partner's value means, and what is known when two learn of one field at once: the rules alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cut.conflicts import Settled, Winner, settle
from gateway.cut.known import said_meanwhile, told_meanwhile
from gateway.messaging.synced import KnownValue

VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
NUMBERS = st.integers(1, 9)
KNOWN = st.builds(KnownValue, VALUES, NUMBERS, st.integers(0, 3), st.booleans())


def held(p: str | None, s: str | None, k: KnownValue | None, winner: Winner, last: int | None = None) -> Settled:
    """Hold one field against Siebel's and what is known."""
    known = {} if k is None else {"F": k}
    return settle({"F": p}, {"F": s}, known, winner=winner, last_seen=last)


@given(VALUES, VALUES, st.one_of(st.none(), KNOWN), st.sampled_from(Winner), st.one_of(st.none(), NUMBERS))
def test_nothing_is_lost_in_silence(
    p: str | None, s: str | None, k: KnownValue | None, winner: Winner, last: int | None
) -> None:
    settled = held(p, s, k, winner, last)
    changed = k is None or p != k.value
    if not changed:
        assert settled == Settled()
    elif p != s:
        assert bool(settled.write) or bool(settled.clashes), "written, or logged"
    if settled.clashes:
        assert (settled.write == {"F": p}) == (winner is Winner.SUBSCRIBER)
    if settled.correct:
        assert settled.has == {"F": p}, "what is put right is known to be wrong"


@given(VALUES, VALUES, KNOWN, st.sampled_from(Winner))
def test_after_a_message_a_delivery_makes_both_sides_equal(
    p: str | None, s: str | None, k: KnownValue, winner: Winner
) -> None:
    settled = held(p, s, k, winner)
    siebel = settled.write.get("F", s)
    known = settled.has.get("F", k.value)
    partner = siebel if siebel != known else known
    assert partner == siebel
    if p != k.value:
        assert known == p, "the partner has what it said, until it is told otherwise"


@pytest.mark.parametrize(
    ("kept", "told", "expected"),
    [
        (KnownValue("b", 5, own=True), KnownValue("a", 7), KnownValue("a", 7)),
        (KnownValue("b", 9, own=True), KnownValue("a", 7), None),
        (KnownValue("b", 9, own=True, seen=7), KnownValue("a", 7), KnownValue("b", 9, own=True, seen=7)),
        (KnownValue("a", 9, own=True), KnownValue("a", 7), KnownValue("a", 9, own=True)),
        (KnownValue("b", 9, mod=2), KnownValue("a", 7, mod=3), KnownValue("a", 7, mod=3)),
        (KnownValue("b", 9, mod=3), KnownValue("a", 7, mod=3), KnownValue("b", 9, mod=3)),
    ],
    ids=[
        "said before the delivery was made",
        "crossed",
        "said after it was seen",
        "said the same",
        "newer in Siebel",
        "told later",
    ],
)
def test_what_is_known_after_a_delivery_during_which_something_else_was_learned(
    kept: KnownValue, told: KnownValue, expected: KnownValue | None
) -> None:
    assert told_meanwhile(kept, told) == expected


@pytest.mark.parametrize(
    ("kept", "said", "last", "expected"),
    [
        (KnownValue("a", 7), KnownValue("b", 9, own=True), 7, "b"),
        (KnownValue("a", 7), KnownValue("b", 9, own=True), 6, "a"),
        (KnownValue("a", 9), KnownValue("b", 7, own=True), None, "a"),
        (KnownValue("a", 7), KnownValue("b", 9, own=True), None, None),
        (KnownValue("a", 8, own=True), KnownValue("b", 7, own=True), None, "a"),
        (KnownValue("a", 6, own=True), KnownValue("b", 7, own=True), None, "b"),
    ],
    ids=["it saw the delivery", "it did not", "it said so before", "crossed", "said later", "said earlier"],
)
def test_what_is_known_after_a_message_during_which_something_else_was_learned(
    kept: KnownValue, said: KnownValue, last: int | None, expected: str | None
) -> None:
    found = said_meanwhile(last)(kept, said)
    assert (None if found is None else found.value) == expected


@given(KNOWN, KNOWN)
def test_of_one_value_learned_twice_it_is_never_forgotten_that_the_partner_said_it(
    one: KnownValue, other: KnownValue
) -> None:
    same = other._replace(value=one.value)
    for found in (told_meanwhile(one, same), said_meanwhile(None)(one, same)):
        assert found is not None
        assert (found.value, found.own) == (one.value, one.own or other.own)
