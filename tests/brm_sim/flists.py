"""Flists for property tests: fields of the dictionary, each with a value of its type."""

from __future__ import annotations

from datetime import UTC

from hypothesis import strategies as st

from brm_sim import fields
from brm_sim.flist import Array, Flist, Poid
from brm_sim.shapes import FieldType

# What XML can hold; the XML form cannot tell an empty text from null.
_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t\x85", exclude_characters="\ufffe\uffff")
)
_POID = st.builds(
    Poid,
    st.sampled_from(["0.0.0.1", "0.0.0.12"]),
    st.sampled_from(["/account", "/service/telco/gsm"]),
    st.integers(-1, 2**60),
    st.integers(0, 999),
)
_INT = st.integers(-(2**31), 2**31 - 1)
_VALUES: dict[FieldType, st.SearchStrategy[object]] = {
    FieldType.INT: _INT,
    FieldType.ENUM: _INT,
    FieldType.DECIMAL: st.decimals(allow_nan=False, allow_infinity=False, places=6),
    FieldType.STR: _TEXT.filter(bool),
    FieldType.TSTAMP: st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)),
    FieldType.POID: _POID,
    FieldType.BUF: st.binary(min_size=1),
    FieldType.BINSTR: st.binary(min_size=1),
    FieldType.ERRBUF: st.just("location=<PIN_ERRLOC_FM:5>"),
}
_SCALARS = sorted(name for name, type_ in fields.types().items() if not type_.nested)
_ARRAYS = sorted(name for name, type_ in fields.types().items() if type_ is FieldType.ARRAY)
_SUBSTRUCTS = sorted(name for name, type_ in fields.types().items() if type_ is FieldType.SUBSTRUCT)


@st.composite
def flists(draw: st.DrawFn, depth: int = 3) -> Flist:
    """Draw a flist of any fields of the dictionary, nested at most ``depth`` deep."""
    flist: Flist = {}
    for name in draw(st.lists(st.sampled_from(_SCALARS), max_size=4, unique=True)):
        flist[name] = draw(st.none() | _VALUES[fields.types()[name]])  # type: ignore[assignment] # a table of types
    if depth:
        for name in draw(st.lists(st.sampled_from(_ARRAYS), max_size=2, unique=True)):
            elements = draw(st.dictionaries(st.integers(-1, 9), flists(depth - 1), min_size=1, max_size=3))
            flist[name] = Array(elements)
        for name in draw(st.lists(st.sampled_from(_SUBSTRUCTS), max_size=1, unique=True)):
            flist[name] = draw(flists(depth - 1))
    return flist
