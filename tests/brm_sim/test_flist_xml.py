from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from lxml import etree

from brm_sim import flist_json, flist_xml
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Array, Flist, Poid
from brm_sim.shapes import NAMESPACE
from soapkit.limits import parse
from tests.brm_sim.flists import flists


def decoded(fields: str) -> Flist:
    return flist_xml.decode(parse(f'<flist xmlns="{NAMESPACE}">{fields}</flist>'.encode()))


def test_elements_are_fields_repeated_ones_arrays_and_empty_ones_null() -> None:
    xml = """<POID>0.0.0.1 /account 41343</POID><SERVICES elem="3"><LOGIN/></SERVICES><SERVICES elem="1"/>
        <GROUP_INFO><PARENT>0.0.0.1 /account 1 0</PARENT></GROUP_INFO><AMOUNT/><END_T>1970-01-01T00:00:00Z</END_T>"""
    assert decoded(xml) == {
        "POID": Poid("0.0.0.1", "/account", 41343, 0),
        "SERVICES": Array({3: {"LOGIN": None}, 1: {}}),
        "GROUP_INFO": {"PARENT": Poid("0.0.0.1", "/account", 1)},
        "AMOUNT": None,
        "END_T": datetime(1970, 1, 1, tzinfo=UTC),
    }


def test_a_decimal_is_written_without_an_exponent() -> None:
    (field,) = flist_xml.encode("flist", {"AMOUNT": Decimal("1E+3")})
    assert field.text == "1000"


def test_a_timestamp_of_another_zone_becomes_utc() -> None:
    assert decoded("<END_T>2026-11-20T01:00:00+02:00</END_T>") == {"END_T": datetime(2026, 11, 19, 23, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("xml", "errno", "field"),
    [
        ("<FAVOURITE_COLOUR>red</FAVOURITE_COLOUR>", Errno.BAD_FIELD_NAME, "FAVOURITE_COLOUR"),
        ('<POID xmlns="urn:other">0.0.0.1 /account 1 0</POID>', Errno.BAD_FIELD_NAME, "POID"),
        ("<POID>account one</POID>", Errno.BAD_TYPE, "POID"),
        ("<CURRENCY>pounds</CURRENCY>", Errno.BAD_TYPE, "CURRENCY"),
        ("<CURRENCY>4000000000</CURRENCY>", Errno.BAD_VALUE, "CURRENCY"),
        ("<CURRENCY><POID/></CURRENCY>", Errno.BAD_TYPE, "CURRENCY"),
        ("<AMOUNT>1E+3</AMOUNT>", Errno.BAD_TYPE, "AMOUNT"),
        ("<END_T>2026-02-30T00:00:00Z</END_T>", Errno.BAD_VALUE, "END_T"),
        ("<END_T>0001-01-01T00:00:00+14:00</END_T>", Errno.BAD_VALUE, "END_T"),
        ("<SERVICES><LOGIN/></SERVICES>", Errno.BAD_TYPE, "SERVICES"),
        ('<SERVICES elem="0"/><SERVICES elem="0"/>', Errno.BAD_ARG, "SERVICES"),
        ('<SERVICES elem="0">text</SERVICES>', Errno.BAD_TYPE, "SERVICES"),
        ("<LOGIN>a</LOGIN><LOGIN>b</LOGIN>", Errno.BAD_ARG, "LOGIN"),
        ("<BUFFER>!</BUFFER>", Errno.BAD_TYPE, "BUFFER"),
    ],
)
def test_what_the_dictionary_does_not_allow_names_the_field(xml: str, errno: Errno, field: str) -> None:
    with pytest.raises(ErrorBuffer) as refused:
        decoded(xml)
    assert (refused.value.errno, refused.value.field) == (errno, field)


@settings(max_examples=60)
@given(flists())
def test_any_flist_survives_its_xml_form(flist: Flist) -> None:
    sent = etree.tostring(flist_xml.encode("flist", flist))
    assert flist_xml.decode(parse(sent)) == flist


@settings(max_examples=60)
@given(flists())
def test_any_flist_survives_its_json_form(flist: Flist) -> None:
    assert flist_json.from_json(flist_json.to_json(flist)) == flist
