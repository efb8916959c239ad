"""The three-way merge, whatever the values: both sides equal afterwards, no edit lost that nobody contradicts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.cut.brm_sync import mapping
from gateway.cut.brm_sync.merge import merge
from gateway.cut.conflicts import Winner
from gateway.domain.brm import Elements, Flist

FIELDS = st.sampled_from(["Name", "City", "State", "EmailAddress"])
VALUES = st.dictionaries(FIELDS, st.one_of(st.none(), st.sampled_from(["a", "b", "c"])))
WINNERS = st.sampled_from(Winner)
NUMBERS = st.sampled_from(["447700900001", "447700900002", "447700900003"])


@given(VALUES, VALUES, VALUES, WINNERS)
def test_both_sides_are_equal_afterwards_in_every_field_that_both_have(
    base: dict[str, str | None], siebel: dict[str, str | None], brm: dict[str, str | None], winner: Winner
) -> None:
    merged = merge(base, siebel, brm, winner)
    after, told = {**siebel, **merged.to_siebel}, {**brm, **merged.to_brm}
    for field in siebel.keys() & brm.keys():
        assert after[field] == told[field] == merged.base[field]
    assert merge(merged.base, after, told, winner).to_siebel == {}
    assert merge(merged.base, after, told, winner).to_brm == {}


@given(VALUES, VALUES, VALUES, WINNERS)
def test_who_alone_changed_a_field_wins_and_only_what_both_changed_is_a_clash(
    base: dict[str, str | None], siebel: dict[str, str | None], brm: dict[str, str | None], winner: Winner
) -> None:
    merged = merge(base, siebel, brm, winner)
    clashes = {clash.field for clash in merged.clashes}
    for field in siebel.keys() & brm.keys():
        ours, theirs = siebel[field], brm[field]
        if field in base and base[field] == theirs:
            assert merged.base[field] == ours
        elif field in base and base[field] == ours:
            assert merged.base[field] == theirs
        assert (field in clashes) == (ours != theirs and (field not in base or base[field] not in (ours, theirs)))
    assert not merged.to_siebel.keys() & merged.to_brm.keys()


@given(VALUES, VALUES, WINNERS)
def test_what_only_one_side_has_is_left_alone(
    siebel: dict[str, str | None], brm: dict[str, str | None], winner: Winner
) -> None:
    merged = merge({}, siebel, brm, winner)
    assert {*merged.to_siebel, *merged.to_brm} <= siebel.keys() & brm.keys()


@given(st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=20))
def test_a_name_that_was_split_is_joined_again(name: str) -> None:
    known = mapping.text(name)
    changed = mapping.to_customer({}, {"Name": known}, business=False)
    assert mapping.of_customer({"NAMEINFO": {1: changed}}, business=False)["Name"] == known


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_number_has_every_place_that_had_the_last_one(login: str, alias: str, number: str) -> None:
    aliases: Elements = {0: {"NAME": alias}}
    service: Flist = {"LOGIN": login, "ALIAS_LIST": aliases}
    base = {mapping.NUMBER: login, **mapping.places_of_number(service)}
    change = mapping.to_service(service, number, base)
    after = mapping.places_of_number({**service, **change})
    assert after == {"LOGIN": number, "ALIAS_LIST": number if alias == login else alias}
    assert mapping.number_of({**service, **change}, {mapping.NUMBER: number, **after}, None) == number
