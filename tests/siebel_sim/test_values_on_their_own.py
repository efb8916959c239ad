from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siebel_sim.errors import SiebelError
from siebel_sim.row_id import number_of, row_id
from siebel_sim.search import All, AnyOf, Compare, Condition, Exists, Not, Null, Operator, read_search, read_sort, write
from siebel_sim.values import Kind, shown, stored

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9 #]{0,20}[A-Za-z0-9]", fullmatch=True)
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, NAMES, st.sampled_from(Operator), st.text(max_size=20)), st.builds(Null, NAMES)
)


def _combined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    unnegated = parts.filter(lambda part: not isinstance(part, Not))
    return st.one_of(
        st.builds(All, several), st.builds(AnyOf, several), st.builds(Not, unnegated), st.builds(Exists, parts)
    )


@given(st.recursive(LEAVES, _combined, max_leaves=8))
def test_a_search_specification_is_read_back_as_it_was_written(condition: Condition) -> None:
    assert read_search(write(condition)) == condition


@given(st.text(alphabet="[]()'\"ANDORLIKE =<>~*?ab1", max_size=40))
def test_any_text_is_a_search_specification_or_refused_by_siebel(text: str) -> None:
    try:
        outcome = write(read_search(text)) or "anything"
    except SiebelError as error:
        outcome = error.stack[0].code
    assert outcome in ("anything", "SBL-DAT-00501") or "[" in outcome


@given(st.integers(min_value=0, max_value=2**62))
def test_a_row_id_is_read_back_as_its_number(number: int) -> None:
    assert number_of(row_id(number)) == number


@pytest.mark.parametrize(("number", "written"), [(0, "1-0"), (35, "1-Z"), (36, "1-10"), (36**3, "1-1000")])
def test_row_ids_are_numbers_in_base_36(number: int, written: str) -> None:
    assert row_id(number) == written


@pytest.mark.parametrize("text", ["", "1-", "2-AB", "1-ab", "1-01", "1-A B"])
def test_what_is_no_row_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a row id"):
        number_of(text)


def test_a_sort_specification_names_fields_and_directions() -> None:
    expected = (("Account Status", True), ("Name", False), ("Created", False))
    assert read_sort("Account Status (DESCENDING), [Name], Created(ASCENDING)") == expected


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001 - as it is stored
def test_a_moment_is_read_back_as_it_is_shown(moment: datetime) -> None:
    kept = stored(Kind.DATETIME, moment.strftime("%Y-%m-%dT%H:%M:%S"))
    assert shown(Kind.DATETIME, Kind.TEXT, kept) == moment.strftime("%m/%d/%Y %H:%M:%S")
    assert stored(Kind.DATETIME, shown(Kind.DATETIME, Kind.TEXT, kept)) == kept
    day = stored(Kind.DATE, kept)
    assert shown(Kind.DATE, Kind.TEXT, day) == moment.strftime("%m/%d/%Y")
