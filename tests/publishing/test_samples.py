"""Example messages made from schemas: valid whatever the schema says, the same every time, readable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from soapkit.catalog import Contract, ContractError, contracts_root, load
from soapkit.publish.samples import sample
from tests.publishing.odd import contract

WSDLS = sorted((contracts_root() / "wsdl").rglob("*.wsdl"))
IN = "{urn:odd}In"


def _elements(found: Contract) -> Iterator[str]:
    for operation in found.operations:
        yield from filter(None, (operation.input, operation.output, *operation.headers, *operation.faults.values()))


@pytest.mark.parametrize("wsdl", WSDLS, ids=lambda path: path.stem)
@pytest.mark.parametrize("full", [False, True], ids=["minimal", "full"])
def test_every_message_header_and_fault_of_every_contract_has_a_valid_example(wsdl: Path, full: bool) -> None:
    found = load(wsdl)
    elements = set(_elements(found))

    wrong = {element: found.check(sample(found, element, full=full)) for element in elements}

    assert elements
    assert {element: violations for element, violations in wrong.items() if violations} == {}


def test_an_example_is_the_same_every_time_and_survives_being_written() -> None:
    found = load("wsdl/abcs/ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl.wsdl")
    element = found.operations[0].input

    first, second = (etree.tostring(sample(found, element, full=True)) for _ in range(2))

    assert first == second
    assert found.check(etree.fromstring(first)) == ()


def test_an_example_reads_like_a_message() -> None:
    found = load("wsdl/brm/BRMCustServices_v2.wsdl")
    made = sample(found, found.operation("pcmOpCustCommitCustomer").input, full=True)

    def texts(name: str) -> list[str | None]:
        return [each.text for each in made.iter(f"{{*}}{name}")]

    assert texts("LAST_NAME")[0] == "Jones"
    assert texts("CURRENCY")[0] == "826"
    assert texts("SALUTATION")[0] == "Ms"
    assert texts("DEAL_OBJ")[0] == "0.0.0.1 /deal 41343 9"
    assert [each.get("elem") for each in made.iter("{*}PHONES")][:2] == ["1", "2"]


def test_a_minimal_example_holds_what_is_required_and_a_full_one_everything_and_lists_twice(tmp_path: Path) -> None:
    found = contract(
        tmp_path,
        """<xs:element name="In"><xs:complexType><xs:sequence>
        <xs:element name="Needed" type="xs:int"/><xs:element name="Spare" type="xs:date" minOccurs="0"/>
        <xs:element name="Many" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="Three" type="xs:string" minOccurs="3" maxOccurs="3"/></xs:sequence>
        <xs:attribute name="must" type="xs:boolean" use="required"/><xs:attribute name="may" type="xs:int"/>
        <xs:attribute name="not" type="xs:int" use="prohibited"/></xs:complexType></xs:element>""",
    )

    minimal, full = (sample(found, IN, full=each) for each in (False, True))

    assert [etree.QName(each).localname for each in minimal] == ["Needed", "Three", "Three", "Three"]
    assert minimal.items() == [("must", "true")]
    assert [etree.QName(each).localname for each in full] == ["Needed", "Spare", "Many", "Many", *["Three"] * 3]
    assert full.items() == [("must", "true"), ("may", "1")]


BUILT_IN = (
    "anyURI",
    "base64Binary",
    "boolean",
    "byte",
    "date",
    "dateTime",
    "decimal",
    "double",
    "duration",
    "float",
    "gDay",
    "gMonth",
    "gMonthDay",
    "gYear",
    "gYearMonth",
    "hexBinary",
    "int",
    "integer",
    "language",
    "long",
    "Name",
    "NCName",
    "negativeInteger",
    "NMTOKEN",
    "NMTOKENS",
    "nonNegativeInteger",
    "nonPositiveInteger",
    "normalizedString",
    "positiveInteger",
    "QName",
    "short",
    "string",
    "time",
    "token",
    "unsignedByte",
    "unsignedInt",
    "unsignedLong",
    "unsignedShort",
    "anySimpleType",
    "anyType",
    "ID",
)
SCHEMAS = {
    "what holds itself": """<xs:element name="In" type="o:T"/><xs:complexType name="T"><xs:sequence>
        <xs:element name="A" type="xs:int"/><xs:element name="Child" type="o:T" minOccurs="0" maxOccurs="unbounded"/>
        </xs:sequence></xs:complexType>""",
    "a choice with one way out": """<xs:element name="In" type="o:T"/><xs:complexType name="T"><xs:choice>
        <xs:element name="Deeper" type="o:T"/><xs:element name="End" type="xs:int"/></xs:choice></xs:complexType>""",
    "a repeated choice": """<xs:element name="In"><xs:complexType><xs:choice minOccurs="2" maxOccurs="5">
        <xs:element name="A" type="xs:int"/><xs:element name="B" type="xs:int"/></xs:choice></xs:complexType>
        </xs:element>""",
    "all": """<xs:element name="In"><xs:complexType><xs:all><xs:element name="A" type="xs:gYear"/>
        <xs:element name="B" type="xs:duration" minOccurs="0"/></xs:all></xs:complexType></xs:element>""",
    "a group and an attribute group": """<xs:group name="G"><xs:sequence><xs:element name="A" type="xs:time"/>
        </xs:sequence>
        </xs:group><xs:attributeGroup name="H"><xs:attribute name="a" type="xs:language" use="required"/>
        </xs:attributeGroup>
        <xs:element name="In"><xs:complexType><xs:group ref="o:G"/><xs:attributeGroup ref="o:H"/></xs:complexType>
        </xs:element>""",
    "an abstract type": """<xs:complexType name="Base" abstract="true"/><xs:complexType name="Real">
        <xs:complexContent>
        <xs:extension base="o:Base"><xs:sequence><xs:element name="A" type="xs:int"/></xs:sequence></xs:extension>
        </xs:complexContent></xs:complexType><xs:element name="In" type="o:Base"/>""",
    "an abstract element": """<xs:element name="Head" abstract="true" type="xs:string"/>
        <xs:element name="Real" substitutionGroup="o:Head" type="xs:string"/>
        <xs:element name="In"><xs:complexType><xs:sequence><xs:element ref="o:Head" maxOccurs="2"/></xs:sequence>
        </xs:complexType></xs:element>""",
    "wildcards": """<xs:element name="In"><xs:complexType><xs:sequence>
        <xs:any namespace="##targetNamespace" processContents="strict"/>
        <xs:any namespace="##other" processContents="lax" minOccurs="2" maxOccurs="unbounded"/></xs:sequence>
        <xs:anyAttribute/></xs:complexType></xs:element>""",
    "patterns": """<xs:element name="In"><xs:simpleType><xs:restriction base="xs:string">
        <xs:pattern value="[A-Z]{3}-\\d{4}(/[a-f0-9]+)?"/></xs:restriction></xs:simpleType></xs:element>""",
    "facets": """<xs:simpleType name="N"><xs:restriction base="xs:decimal"><xs:minExclusive value="1000"/>
        <xs:maxInclusive value="1001"/><xs:fractionDigits value="0"/></xs:restriction></xs:simpleType>
        <xs:simpleType name="D"><xs:restriction base="xs:date"><xs:minInclusive value="2031-05-01"/></xs:restriction>
        </xs:simpleType>
        <xs:simpleType name="L"><xs:restriction base="xs:token"><xs:length value="40"/></xs:restriction>
        </xs:simpleType>
        <xs:simpleType name="S"><xs:restriction base="xs:string"><xs:maxLength value="2"/></xs:restriction>
        </xs:simpleType>
        <xs:element name="In"><xs:complexType><xs:sequence><xs:element name="A" type="o:N"/>
        <xs:element name="B" type="o:D"/>
        <xs:element name="C" type="o:L"/><xs:element name="E" type="o:S"/></xs:sequence></xs:complexType>
        </xs:element>""",
    "lists, unions, enumerations": """<xs:simpleType name="E"><xs:restriction base="xs:token">
        <xs:enumeration value="RED"/>
        <xs:enumeration value="BLUE"/></xs:restriction></xs:simpleType>
        <xs:simpleType name="L"><xs:list itemType="o:E"/></xs:simpleType>
        <xs:simpleType name="M"><xs:restriction base="o:L"><xs:minLength value="3"/></xs:restriction></xs:simpleType>
        <xs:simpleType name="U"><xs:union memberTypes="o:E xs:int"/></xs:simpleType>
        <xs:element name="In"><xs:complexType><xs:sequence><xs:element name="A" type="o:M"/>
        <xs:element name="B" type="o:U"/></xs:sequence></xs:complexType></xs:element>""",
    "built-in types": f"""<xs:element name="In"><xs:complexType><xs:sequence>
        {"".join(f'<xs:element name="E{n}" type="xs:{name}"/>' for n, name in enumerate(BUILT_IN))}
        </xs:sequence></xs:complexType></xs:element>""",
    "fixed and default values": """<xs:element name="In"><xs:complexType><xs:simpleContent>
        <xs:extension base="xs:int">
        <xs:attribute name="a" type="xs:token" fixed="always"/></xs:extension></xs:simpleContent></xs:complexType>
        </xs:element>""",
    "nothing at all": """<xs:element name="In"><xs:complexType/></xs:element>""",
    "mixed content and nil": """<xs:element name="In"><xs:complexType mixed="true"><xs:sequence>
        <xs:element name="A" type="xs:int" nillable="true"/></xs:sequence></xs:complexType></xs:element>""",
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS.keys())
@pytest.mark.parametrize("full", [False, True], ids=["minimal", "full"])
def test_whatever_a_schema_says_its_example_is_valid(tmp_path: Path, schema: str, full: bool) -> None:
    found = contract(tmp_path, schema)

    assert found.check(sample(found, IN, full=full)) == ()


def test_what_can_only_be_endless_or_is_not_there_is_refused(tmp_path: Path) -> None:
    found = contract(
        tmp_path,
        """<xs:element name="In" type="o:T"/><xs:complexType name="T"><xs:sequence>
        <xs:element name="Again" type="o:T"/></xs:sequence></xs:complexType>""",
    )

    with pytest.raises(ContractError, match="endless"):
        sample(found, IN, full=False)
    with pytest.raises(ContractError, match="has no element"):
        sample(found, "{urn:odd}Nowhere", full=False)
