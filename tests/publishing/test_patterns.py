"""Texts made to match patterns of XML Schema."""

from __future__ import annotations

import re

import pytest
from elementpath.regex import translate_pattern
from hypothesis import given
from hypothesis import strategies as st

from soapkit.publish.patterns import example

MADE = {
    r"[A-Z]{2}\d+(-x)?": "AA1",
    r"[0-9]+\.[0-9]+ /[^ ]* -?[0-9]+( [0-9]+)?": "1.1 / 1",
    r"([+\-]?([0-9]+(\.[0-9]*)?|\.[0-9]+))?": "1",
    r"[\i-[:]][\c-[:]]*": "a",
    r"\p{Lu}{2}[a-c-[a]]|z": "AAc",
    r"a{0}": "",
    r"": "",
    r"\[x\]": "[x]",
    r"[\]\-a]{3,}": "aaa",
    r"(a|b)*c?": "a",
    r".{2,4}": "aa",
    r"\$\^\{2\}": "$^{2}",
}


@pytest.mark.parametrize(("pattern", "made"), MADE.items(), ids=repr)
def test_the_text_is_the_shortest_that_says_something(pattern: str, made: str) -> None:
    assert example(pattern) == made


@pytest.mark.parametrize("wrong", ["(a", "a)", "[a", "*", r"\p{Nowhere}", r"\p{Co}", "a{9999}{9999}b"])
def test_what_no_plain_text_matches_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        example(wrong)


_atoms = st.sampled_from(["a", "[0-9]", r"\d", r"[^\s]", ".", r"\p{L}", "x-y", r"\.", "[A-C]", r"\c"])
_pieces = st.builds("{}{}".format, _atoms, st.sampled_from(["", "?", "*", "+", "{2}", "{0,3}", "{1,}"]))
_branches = st.lists(_pieces, min_size=1, max_size=4).map("".join)
_patterns = st.recursive(
    _branches,
    lambda inner: st.builds("({}|{}){}".format, inner, inner, st.sampled_from(["", "?", "+"])),
    max_leaves=6,
)


@given(pattern=_patterns)
def test_whatever_the_pattern_the_text_matches_it(pattern: str) -> None:
    pattern = re.sub(r"x-y(?=[?*+{])", "(x-y)", pattern)

    assert re.fullmatch(translate_pattern(pattern, anchors=False), example(pattern))
