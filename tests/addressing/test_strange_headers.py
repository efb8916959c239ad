"""Whatever stands in the addressing headers, the answer is SOAP, and never a fault of the program."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from soapkit.addressing import SUBMISSION, W3C
from soapkit.versions import Version
from tests.addressing.messages import ACTION, ID, Way

LOCALS = ("To", "From", "ReplyTo", "FaultTo", "Action", "MessageID", "RelatesTo", "Unknown")
NAMESPACES = (W3C.namespace, SUBMISSION.namespace)
ADDRESSES = (W3C.anonymous, SUBMISSION.anonymous, str(W3C.none), "http://elsewhere.example/")
TEXTS = st.sampled_from(("", " ", ACTION, ID, "urn:x", "x" * 5000, *ADDRESSES))
INNER = ("Address", "ReferenceParameters", "ReferenceProperties", "Metadata", "Key", "Action")


def _element(local: str, namespace: str, inside: str) -> str:
    return f'<n:{local} xmlns:n="{namespace}">{inside}</n:{local}>'


def _inside() -> st.SearchStrategy[str]:
    leaf = TEXTS
    nested = st.builds(_element, st.sampled_from(INNER), st.sampled_from((*NAMESPACES, "urn:k")), leaf)
    deeper = st.builds(_element, st.sampled_from(INNER), st.sampled_from(NAMESPACES), st.one_of(leaf, nested))
    return st.one_of(leaf, st.lists(st.one_of(nested, deeper), max_size=3).map("".join))


BLOCKS = st.lists(st.builds(_element, st.sampled_from(LOCALS), st.sampled_from(NAMESPACES), _inside()), max_size=6)


@given(blocks=BLOCKS, whole=st.booleans(), version=st.sampled_from(list(Version)))
def test_strange_headers_are_answered_in_soap(blocks: list[str], *, whole: bool, version: Version) -> None:
    way = Way(W3C, version)
    told = way.post((way.headers() if whole else "") + "".join(blocks))
    assert told.answer.status in (200, 202, 400, 500)
    if told.answer.content:
        assert told.answer.body.tag == version.fault or told.answer.status == 200
    if told.answer.status >= 400:
        assert told.answer.fault.code != "Server"
