"""Comparing contracts: every kind of change, named by element and judged as a caller built from the old meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soapkit.catalog import Contract, contracts_root, load
from soapkit.contract_diff import Change, Part, compare, compare_all
from soapkit.publish.export import export
from soapkit.publish.samples import sample
from tests.contract.soapkit.orders import SAMPLES
from tests.publishing.contract_edits import EDITS, MAYBE_B, A, B, Edit, field, holding
from tests.publishing.odd import XS, write

WSDLS = [*sorted((contracts_root() / "wsdl").rglob("*.wsdl")), *sorted((SAMPLES / "wsdl").glob("*.wsdl"))]
_TYPES = """<xs:schema {xs} targetNamespace="urn:odd"><xs:element name="In" type="o:T"/>
<xs:element name="Out" type="o:T"/>{types}</xs:schema>"""


def typed(directory: Path, types: str) -> Contract:
    directory.mkdir()
    return write(directory, _TYPES.format(xs=XS, types=types))


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_a_change_is_named_and_judged_for_request_and_response(tmp_path: Path, edit: Edit) -> None:
    old, new = typed(tmp_path / "old", edit.old), typed(tmp_path / "new", edit.new)

    found = [each for each in compare(old, new) if each.rule == edit.rule and edit.says in each.text]

    verdicts = {
        part: any(each.breaking for each in found if each.part is part) for part in (Part.REQUEST, Part.RESPONSE)
    }
    assert {each.part for each in found} == {Part.REQUEST, Part.RESPONSE}
    assert verdicts == {Part.REQUEST: edit.request, Part.RESPONSE: edit.response}
    assert all(each.path and each.effect for each in found)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_and_its_reverse_are_both_seen(tmp_path: Path, edit: Edit) -> None:
    old, new = typed(tmp_path / "old", edit.old), typed(tmp_path / "new", edit.new)

    assert compare(old, old) == ()
    assert compare(new, new) == ()
    assert bool(compare(old, new)) is bool(compare(new, old)) is True


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_what_is_called_fine_is_valid_on_the_other_side(tmp_path: Path, edit: Edit) -> None:
    old, new = typed(tmp_path / "old", edit.old), typed(tmp_path / "new", edit.new)
    found = compare(old, new)
    strict = [each for each in found if each.rule != "attribute-added"]  # toolkits ignore it, a schema does not

    for part, element, writer, reader in ((Part.REQUEST, "In", old, new), (Part.RESPONSE, "Out", new, old)):
        if not any(each.breaking for each in found if each.part is part) and strict:
            made = [sample(writer, f"{{urn:odd}}{element}", full=full) for full in (False, True)]
            assert [reader.check(each) for each in made] == [(), ()]


def test_a_contract_does_not_differ_from_its_copy_elsewhere(tmp_path: Path) -> None:
    export([load(wsdl) for wsdl in WSDLS], tmp_path / "many", base="https://elsewhere.example")
    export([load(wsdl) for wsdl in WSDLS], tmp_path / "one", single=True)

    for wsdl in WSDLS:
        contract = load(wsdl)
        assert compare(contract, load(tmp_path / "many" / contract.wsdl)) == ()
        assert compare(contract, load(tmp_path / "one" / f"{contract.name}.wsdl")) == ()


def test_where_callers_ignore_what_they_do_not_know_a_new_element_breaks_none(tmp_path: Path) -> None:
    old, new = typed(tmp_path / "old", holding(A)), typed(tmp_path / "new", holding(A + MAYBE_B))

    assert [each.breaking for each in compare(old, new, tolerant=True)] == [False, False]


def edited(directory: Path, *edits: tuple[str, str]) -> Contract:
    source = typed(directory, holding(A)).documents["Odd.wsdl"]
    text = source.read_text()
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    path = directory / "Edited.wsdl"
    path.write_text(text)
    return load(path)


ONE_WAY = ('<wsdl:output message="tns:Out"/>', "")
FAULT = (
    '<wsdl:output message="tns:Out"/>',
    '<wsdl:output message="tns:Out"/><wsdl:fault name="Wrong" message="tns:Out"/>',
)
OPERATIONS = [
    ("soap-action", (("urn:odd/Try", "urn:odd/Other"),), True),
    ("operation-renamed", (('"Try"', '"Attempt"'),), True),
    ("service-renamed", (('<wsdl:service name="Odd"', '<wsdl:service name="Even"'),), True),
    ("service-namespace", (("urn:odd:service", "urn:odd:service:2"),), True),
    ("port-type", (('"Port"', '"Porter"'), ("tns:Port", "tns:Porter")), True),
    ("one-way", (ONE_WAY,), True),
    ("fault-added", (FAULT,), True),
    ("message-element", (('element="o:In"', 'element="o:Out"'),), True),
]


@pytest.mark.parametrize(("rule", "edits", "breaking"), OPERATIONS, ids=[rule for rule, *_ in OPERATIONS])
def test_a_change_of_the_service_itself_is_named_and_judged(
    tmp_path: Path, rule: str, edits: tuple[tuple[str, str], ...], breaking: bool
) -> None:
    found = compare(typed(tmp_path / "old", holding(A)), edited(tmp_path / "new", *edits))

    assert [(each.rule, each.breaking) for each in found] == [(rule, breaking)]


def test_a_fault_that_is_gone_or_renamed_is_seen(tmp_path: Path) -> None:
    plain, faulty = typed(tmp_path / "plain", holding(A)), edited(tmp_path / "faulty", FAULT)
    renamed = edited(tmp_path / "renamed", FAULT, ('"Wrong"', '"Broken"'))

    assert [(each.rule, each.breaking, each.part) for each in compare(faulty, plain)] == [
        ("fault-removed", True, Part.FAULT)
    ]
    assert [(each.rule, each.breaking) for each in compare(faulty, renamed)] == [("fault-renamed", False)]


def test_an_operation_that_is_gone_breaks_and_a_new_one_does_not() -> None:
    wsdl, base = load("wsdl/brm/BRMTXNServices_v2.wsdl"), load("wsdl/brm/BRMBalServices_v2.wsdl")

    found = compare_all([wsdl, base], [base])
    back = compare_all([base], [wsdl, base])

    assert {name: [(each.rule, each.breaking) for each in changes] for name, changes in found.items()} == {
        "BRMTXNServices_v2": [("service-removed", True)],
        "BRMBalServices_v2": [],
    }
    assert [(each.rule, each.breaking) for each in back["BRMTXNServices_v2"]] == [("service-added", False)]


def test_a_change_says_where_in_words(tmp_path: Path) -> None:
    old, new = typed(tmp_path / "old", holding(A)), typed(tmp_path / "new", holding(A + B))

    first = compare(old, new)[0]

    assert first == Change(
        "element-added",
        True,
        "new required element",
        "requests without it are refused",
        "Odd",
        "Try",
        Part.REQUEST,
        "/In/B",
    )


_occurs = st.tuples(st.integers(0, 3), st.integers(1, 4)).filter(lambda pair: pair[0] <= pair[1])


@settings(max_examples=25, deadline=None)  # each compiles two contracts
@given(old=_occurs, new=_occurs)
def test_fewer_requests_or_more_responses_break_whatever_the_numbers(
    tmp_path_factory: pytest.TempPathFactory, old: tuple[int, int], new: tuple[int, int]
) -> None:
    def with_occurs(pair: tuple[int, int]) -> Contract:
        element = field(more=f'minOccurs="{pair[0]}" maxOccurs="{pair[1]}"')
        return typed(tmp_path_factory.mktemp("diff") / "c", holding(element))

    found = compare(with_occurs(old), with_occurs(new))
    breaks = {part: any(each.breaking for each in found if each.part is part) for part in (Part.REQUEST, Part.RESPONSE)}

    assert breaks[Part.REQUEST] is (new[0] > old[0] or new[1] < old[1])
    assert breaks[Part.RESPONSE] is (new[0] < old[0] or new[1] > old[1])
