"""Edits of a contract, each with its verdict: whom it breaks as a request, whom as a response."""

from __future__ import annotations

from dataclasses import dataclass


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


HEADED = holding('<xs:element ref="o:H"/>') + '<xs:element name="H" type="xs:int"/>'
OTHER = '<xs:element name="Z" type="xs:int" substitutionGroup="o:H"/>'


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
    Edit(
        "a choice that may be empty",
        arranged("choice", A + B),
        arranged("choice", A + B).replace("<xs:choice", '<xs:choice minOccurs="0"'),
        "group-occurs",
        False,
        True,
        "choice (A, B): is optional now",
    ),
    Edit(
        "a pair that repeats",
        holding(A + B),
        holding(A + B).replace("<xs:sequence", '<xs:sequence maxOccurs="9"'),
        "group-occurs",
        False,
        True,
        "stands 1 to 9 times",
    ),
    Edit("one of a group", HEADED, HEADED + OTHER, "substitutes", False, True, "may stand here now: Z"),
    Edit(
        "text in between",
        holding(A),
        holding(A).replace('"T"', '"T" mixed="true"'),
        "mixed",
        False,
        True,
        "allowed now",
    ),
    Edit(
        "any attribute", holding(A), holding(A, "<xs:anyAttribute/>"), "wildcard", False, True, "attributes of others"
    ),
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
