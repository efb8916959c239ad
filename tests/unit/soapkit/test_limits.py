"""The bounded parser: what it lets through, and which rule it names when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soapkit.faults import Refused
from soapkit.limits import Limits, parse

BOMB = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'
OUTSIDE = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file://%s">]><l>&x;</l>'


def rule_of(data: bytes, limits: Limits | None = None, charset: str | None = None) -> str:
    with pytest.raises(Refused) as caught:
        parse(data, limits or Limits(), charset=charset)
    return caught.value.rule


def outcome(data: bytes, charset: str | None = None) -> str:
    try:
        parse(data, charset=charset)
    except Refused as refused:
        return refused.rule
    return "parsed"


def test_comments_and_instructions_are_left_out_and_cdata_is_text() -> None:
    root = parse(b"<?a?><!-- b --><r>one<!-- two --><?three?><![CDATA[ & <four>]]></r>")

    assert (root.text, len(root)) == ("one & <four>", 0)


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_character_sets_that_partners_use_are_read(charset: str) -> None:
    data = f"<?xml version='1.0' encoding='{charset}'?><r>Zoë</r>".encode(charset)

    assert (parse(data).text, parse(data, charset=charset).text) == ("Zoë", "Zoë")


@pytest.mark.parametrize(
    "prefix", [b"", b"\xef\xbb\xbf", b"\n <?xml-stylesheet?>", b"<!-- <!DOCTYPE> --> <?x?> <!-- -->"]
)
def test_a_doctype_is_refused_wherever_it_stands(prefix: bytes) -> None:
    assert rule_of(prefix + BOMB) == "doctype"


def test_a_doctype_in_utf_16_is_refused() -> None:
    assert rule_of(BOMB.decode().encode("utf-16")) == "doctype"


def test_a_doctype_written_in_text_is_text() -> None:
    assert parse(b"<r><![CDATA[<!DOCTYPE html>]]></r>").text == "<!DOCTYPE html>"


def test_no_file_is_read_for_an_external_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")

    assert rule_of(OUTSIDE % str(secret).encode()) == "doctype"


def test_each_limit_is_named_when_it_is_exceeded_and_not_before() -> None:
    assert rule_of(b"<a>" * 4 + b"</a>" * 4, Limits(max_depth=3)) == "max-depth"
    assert parse(b"<a>" * 3 + b"</a>" * 3, Limits(max_depth=3)).tag == "a"
    assert rule_of(b"<a><b/><b/></a>", Limits(max_elements=2)) == "max-elements"
    assert parse(b"<a><b></b></a>", Limits(max_elements=2)).tag == "a"
    assert rule_of(b"<a b='' c=''/>", Limits(max_attributes=1)) == "max-attributes"
    assert parse(b"<a b=''>= = =</a>", Limits(max_attributes=1)).tag == "a"
    assert rule_of(b"<a></a>", Limits(max_bytes=6)) == "max-bytes"


def test_a_name_longer_than_the_parser_allows_is_refused() -> None:
    assert rule_of(b"<" + b"a" * 100_000 + b"/>") == "parser-limit"


def test_a_refusal_says_where() -> None:
    with pytest.raises(Refused, match=r"mismatch.*\[well-formed, line 2\]"):
        parse(b"<a>\n<b></a>")


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    assert outcome(data) in {"parsed", "well-formed", "charset", "doctype"}


@given(st.text(max_size=60), st.sampled_from(["utf-8", "utf-16", "iso-8859-1", "shift_jis", "nonsense", None]))
def test_any_text_is_parsed_or_refused_whatever_the_charset_says(text: str, charset: str | None) -> None:
    assert outcome(f"<r>{text}</r>".encode(), charset) in {"parsed", "well-formed", "charset", "doctype"}
