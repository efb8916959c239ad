"""Comparing contracts: every kind of change, named by element and judged as a caller built from the old meets it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soapkit.catalog import Contract, contracts_root, load
from soapkit.contract_diff import Change, Part, compare, compare_all
from soapkit.publish.export import export
from tests.contract.soapkit.orders import SAMPLES
from tests.publishing.odd import XS, write

WSDLS = [*sorted((contracts_root() / "wsdl").rglob("*.wsdl")), *sorted((SAMPLES / "wsdl").glob("*.wsdl"))]
_TYPES = """<xs:schema {xs} targetNamespace="urn:odd"><xs:element name="In" type="o:T"/>
<xs:element name="Out" type="o:T"/>{types}</xs:schema>"""


@dataclass(frozen=True)
class Edit:
    """A change of the type of both request and response: which rule sees it, and whom it breaks."""

    name: str
    old: str
    new: str
    rule: str
    request: bool | None
    response: bool | None
    says: str


def holding(content: str, attributes: str = "") -> str:
    return f'<xs:complexType name="T"><xs:sequence>{content}</xs:sequence>{attributes}</xs:complexType>'


def field(kind: str = "xs:string", more: str = "") -> str:
    return f'<xs:element name="A" type="{kind}" {more}/>'


def valued(facets: str, base: str = "xs:string") -> str:
    return holding(field("o:V")) + (
        f'<xs:simpleType name="V"><xs:restriction base="{base}">{facets}</xs:restriction></xs:simpleType>'
    )


def listing(*values: str) -> str:
    return valued("".join(f'<xs:enumeration value="{value}"/>' for value in values))


A, B = '<xs:element name="A" type="xs:int"/>', '<xs:element name="B" type="xs:int"/>'
MAYBE_B, MANY_B = B.replace("/>", ' minOccurs="0"/>'), B.replace("/>", ' maxOccurs="unbounded"/>')
ANY = '<xs:any namespace="##other" processContents="lax" minOccurs="0"/>'
AT, MUST = '<xs:attribute name="at" type="xs:int"/>', '<xs:attribute name="at" type="xs:int" use="required"/>'
MODEL = '<xs:complexType name="T"><xs:{model}>{content}</xs:{model}></xs:complexType>'


def arranged(model: str, content: str) -> str:
    return MODEL.format(model=model, content=content)


EDITS = [
    Edit("a new required element", holding(A), holding(A + B), "element-added", True, True, "required element"),
    Edit("a new optional element", holding(A), holding(A + MAYBE_B), "element-added", False, True, "optional element"),
    Edit("a removed element", holding(A + B), holding(A), "element-removed", True, True, "gone"),
    Edit("a removed optional element", holding(A + MAYBE_B), holding(A), "element-removed", True, True, "gone"),
    Edit("required now", holding(A + MAYBE_B), holding(A + B), "occurs", True, False, "is required now"),
    Edit("optional now", holding(A + B), holding(A + MAYBE_B), "occurs", False, True, "is optional now"),
    Edit("a list now", holding(A + B), holding(A + MANY_B), "occurs", False, True, "1 to any number"),
    Edit("no list any more", holding(A + MANY_B), holding(A + B), "occurs", True, False, "stands 1 times"),
    Edit(
        "at least two", holding(MANY_B), holding(MANY_B.replace("max", 'minOccurs="2" max')), "occurs", True, False, "2"
    ),
    Edit("another order", holding(A + B), holding(B + A), "order", True, True, "sequence (B, A)"),
    Edit("one of them only", holding(A + B), arranged("choice", A + B), "order", True, True, "choice"),
    Edit("any order", holding(A + B), arranged("all", A + B), "order", False, True, "all"),
    Edit("this order only", arranged("all", A + B), holding(A + B), "order", True, False, "sequence"),
    Edit("another branch", arranged("choice", A), arranged("choice", A + B), "element-added", False, True, "optional"),
    Edit(
        "another namespace",
        holding(A),
        holding(A.replace("/>", ' form="unqualified"/>')),
        "element-namespace",
        True,
        True,
        "none",
    ),
    Edit("strangers welcome", holding(A), holding(A + ANY), "wildcard", False, True, "may stand here now"),
    Edit("no strangers", holding(A + ANY), holding(A), "wildcard", True, False, "no longer"),
    Edit("strangers checked", holding(ANY), holding(ANY.replace("lax", "strict")), "wildcard", True, False, "strict"),
    Edit(
        "other strangers", holding(ANY), holding(ANY.replace("##other", "urn:x")), "wildcard", True, True, "namespaces"
    ),
    Edit(
        "a shorter text",
        holding(field()),
        valued('<xs:maxLength value="9"/>'),
        "values",
        True,
        False,
        "longest length: 9",
    ),
    Edit(
        "a longer text",
        valued('<xs:maxLength value="9"/>'),
        valued('<xs:maxLength value="10"/>'),
        "values",
        False,
        True,
        "10",
    ),
    Edit(
        "a text that must be there",
        holding(field()),
        valued('<xs:minLength value="1"/>'),
        "values",
        True,
        False,
        "shortest",
    ),
    Edit("a pattern", holding(field()), valued('<xs:pattern value="[A-Z]+"/>'), "values", True, False, "[A-Z]+"),
    Edit("no pattern", valued('<xs:pattern value="[A-Z]+"/>'), holding(field()), "values", False, True, "no longer"),
    Edit("a new code", listing("X"), listing("X", "Y"), "values", False, True, "new values: Y"),
    Edit("a code less", listing("X", "Y"), listing("X"), "values", True, False, "no longer one of the values: Y"),
    Edit("codes only", holding(field()), listing("X"), "values", True, False, "only these values"),
    Edit("open codes", listing("X"), holding(field()), "values", False, True, "opened"),
    Edit(
        "a larger minimum",
        valued('<xs:minInclusive value="1"/>', "xs:int"),
        valued('<xs:minInclusive value="2"/>', "xs:int"),
        "values",
        True,
        False,
        "smallest value: 2",
    ),
    Edit(
        "a limit that is excluded",
        valued('<xs:maxInclusive value="9"/>', "xs:int"),
        valued('<xs:maxExclusive value="9"/>', "xs:int"),
        "values",
        True,
        False,
        "not quite 9",
    ),
    Edit("a wider number", holding(field("xs:int")), holding(field("xs:long")), "values", False, True, "largest value"),
    Edit(
        "a number now",
        holding(field()),
        holding(field("xs:int")),
        "values",
        True,
        False,
        "the type is integer, it was string",
    ),
    Edit(
        "a text now",
        holding(field("xs:int")),
        holding(field()),
        "values",
        False,
        True,
        "the type is string, it was integer",
    ),
    Edit("a date now", holding(field("xs:int")), holding(field("xs:date")), "values", True, True, "the type is date"),
    Edit(
        "fewer digits",
        holding(field("xs:decimal")),
        valued('<xs:fractionDigits value="2"/>', "xs:decimal"),
        "values",
        True,
        False,
        "after the point: 2",
    ),
    Edit("may be nil", holding(field()), holding(field(more='nillable="true"')), "nillable", False, True, "may be nil"),
    Edit(
        "not nil", holding(field(more='nillable="true"')), holding(field()), "nillable", True, False, "no longer be nil"
    ),
    Edit("fixed", holding(field()), holding(field(more='fixed="X"')), "fixed", True, False, "fixed: X"),
    Edit(
        "another default",
        holding(field(more='default="X"')),
        holding(field(more='default="Y"')),
        "default",
        True,
        True,
        "Y, it was X",
    ),
    Edit("a new attribute", holding(A), holding(A, AT), "attribute-added", False, False, "optional attribute"),
    Edit(
        "a new required attribute", holding(A), holding(A, MUST), "attribute-added", True, False, "required attribute"
    ),
    Edit("a removed attribute", holding(A, AT), holding(A), "attribute-removed", True, True, "gone"),
    Edit("an attribute required now", holding(A, AT), holding(A, MUST), "attribute-use", True, False, "required now"),
    Edit(
        "an attribute's type", holding(A, AT), holding(A, AT.replace("int", "byte")), "values", True, False, "largest"
    ),
    Edit(
        "text no more",
        holding(field()),
        holding(field("o:U")) + holding(A).replace('"T"', '"U"'),
        "content",
        True,
        True,
        "elements now",
    ),
    Edit(
        "a type with another name",
        holding(field("o:U")) + holding(A).replace('"T"', '"U"'),
        holding(field("o:W")) + holding(A).replace('"T"', '"W"'),
        "type-renamed",
        False,
        False,
        "called W",
    ),
    Edit(
        "a list of values",
        holding(field("o:L")) + '<xs:simpleType name="L"><xs:list itemType="xs:int"/></xs:simpleType>',
        holding(field("o:L")) + '<xs:simpleType name="L"><xs:list itemType="xs:byte"/></xs:simpleType>',
        "values",
        True,
        False,
        "largest",
    ),
]


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
