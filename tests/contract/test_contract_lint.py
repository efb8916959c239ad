"""Each rule of the contract lint bites on a contract that breaks it, and on nothing in ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from soapkit.contract_lint import lint, main
from tests.contract.places import ROOT

SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:a" targetNamespace="urn:a">
{body}
</xs:schema>"""
DOC = "<xs:annotation><xs:documentation>What it is.</xs:documentation></xs:annotation>"
ITEM = f'<xs:element name="Item" type="xs:string" {{occurs}}>{DOC}</xs:element>'
ITEMS = ITEM.format(occurs='maxOccurs="unbounded"')
ONE_ITEM = ITEM.format(occurs="")


def complex_type(name: str, content: str) -> str:
    return f'<xs:complexType name="{name}">{DOC}{content}</xs:complexType>'


def simple_type(name: str) -> str:
    return f'<xs:simpleType name="{name}">{DOC}<xs:restriction base="xs:string"/></xs:simpleType>'


def sequence(*content: str) -> str:
    return f"<xs:sequence>{''.join(content)}</xs:sequence>"


def element(name: str, of: str, occurs: str = "") -> str:
    return f'<xs:element name="{name}" type="{of}" {occurs}>{DOC}</xs:element>'


def attribute(name: str) -> str:
    return f'<xs:attribute name="{name}" type="xs:string">{DOC}</xs:attribute>'


MANY = 'maxOccurs="unbounded"'
BASKETS = complex_type("Shop", sequence(element("Basket", "Basket", MANY)))
TEXT = '<xs:simpleContent><xs:extension base="xs:string">{}</xs:extension></xs:simpleContent>'.format
EXTENSION = '<xs:complexContent><xs:extension base="Base">{}</xs:extension></xs:complexContent>'.format

BAD_SCHEMAS = {
    "a default": (
        f'<xs:element name="E" type="xs:string" default="x">{DOC}</xs:element>',
        "default-value: E has a default value",
    ),
    "a fixed attribute": (
        complex_type("T", f'<xs:attribute name="a" type="xs:string" fixed="x">{DOC}</xs:attribute>'),
        "default-value: a has a fixed value",
    ),
    "a list": (
        f'<xs:simpleType name="T">{DOC}<xs:list itemType="xs:int"/></xs:simpleType>',
        "untyped: T is made with list",
    ),
    "a union": (
        f'<xs:simpleType name="T">{DOC}<xs:union memberTypes="xs:int xs:date"/></xs:simpleType>',
        "untyped: T is made with union",
    ),
    "mixed content": (
        complex_type("T", sequence(ONE_ITEM)).replace('"T"', '"T" mixed="true"'),
        "untyped: T is mixed",
    ),
    "an element that may stand for another": (
        f'<xs:element name="E" type="xs:string" substitutionGroup="F">{DOC}</xs:element>{element("F", "xs:string")}',
        "untyped: E is in a substitutionGroup",
    ),
    "a complex type without a name": (
        f'<xs:element name="E">{DOC}<xs:complexType/></xs:element>',
        "anonymous-complex-type: E has a complexType without a name",
    ),
    "a simple type without a name": (
        complex_type(
            "T",
            sequence(
                f'<xs:element name="E">{DOC}<xs:simpleType><xs:restriction base="xs:int"/></xs:simpleType></xs:element>'
            ),
        ),
        "anonymous-simple-type: E has a simpleType without a name",
    ),
    "an array of arrays": (
        BASKETS + complex_type("Basket", sequence(ITEMS)),
        "array-of-arrays: Basket repeats and holds nothing but the repeating Item",
    ),
    "an array of arrays by a repeating sequence": (
        BASKETS + complex_type("Basket", f'<xs:sequence maxOccurs="9">{ONE_ITEM}</xs:sequence>'),
        "array-of-arrays: Basket repeats and holds nothing but the repeating Item",
    ),
    "an array of arrays by extension": (
        BASKETS + complex_type("Basket", EXTENSION("")) + complex_type("Base", sequence(ITEMS)),
        "array-of-arrays: Basket repeats and holds nothing but the repeating Item",
    ),
    "an array of arrays by a group": (
        BASKETS
        + complex_type("Basket", sequence('<xs:group ref="Content"/>'))
        + f'<xs:group name="Content">{DOC}{sequence(ITEMS)}</xs:group>',
        "array-of-arrays: Basket repeats and holds nothing but the repeating Item",
    ),
    "an array of arrays by reference": (
        complex_type("Shop", sequence('<xs:element ref="Basket" maxOccurs="2"/>'))
        + element("Basket", "Basket")
        + complex_type("Basket", sequence(ITEMS)),
        "array-of-arrays: Basket repeats and holds nothing but the repeating Item",
    ),
    "a repeated choice": (
        complex_type("T", f"<xs:choice {MANY}>{ONE_ITEM}{element('Other', 'xs:int')}</xs:choice>"),
        "repeated-choice: a choice in T repeats",
    ),
    "a choice in a repeated sequence": (
        complex_type("T", f"<xs:sequence {MANY}><xs:choice>{ONE_ITEM}</xs:choice></xs:sequence>"),
        "repeated-choice: a choice in T repeats",
    ),
    "elements of one type that differ by case only": (
        complex_type("T", sequence(ONE_ITEM, element("ITEM", "xs:int"))),
        "case-only: T has members that differ by case or kind only: ITEM, Item",
    ),
    "an element that differs by case only from one of the base type": (
        complex_type("Base", sequence(ONE_ITEM)) + complex_type("T", EXTENSION(sequence(element("item", "xs:int")))),
        "case-only: T has members that differ by case or kind only: Item, item",
    ),
    "an attribute named as an element": (
        complex_type("T", sequence(ONE_ITEM) + attribute("item")),
        "case-only: T has members that differ by case or kind only: Item, item",
    ),
    "an attribute named as the text is in Java": (
        complex_type("T", TEXT(attribute("value"))),
        "case-only: T has members that differ by case or kind only: value, value",
    ),
    "a type with attributes whose text is of a type of ours": (
        complex_type("T", TEXT(attribute("a")).replace("xs:string", "Code", 1)) + simple_type("Code"),
        "text-type: the text of T is not of a type of XML Schema itself",
    ),
    "types that differ by case only": (
        complex_type("Order", sequence(ONE_ITEM)) + complex_type("ORDER", sequence(ONE_ITEM)),
        "case-only: ORDER differs by case only from Order",
    ),
    "global elements that differ by case only": (
        element("Order", "xs:string") + element("order", "xs:string"),
        "case-only: order differs by case only from Order",
    ),
    "an element without documentation": (
        complex_type("T", sequence('<xs:element name="E" type="xs:string"/>')),
        "undocumented: element E has no documentation",
    ),
    "a type whose documentation is blank": (
        complex_type("T", "").replace("What it is.", " "),
        "undocumented: complexType T has no documentation",
    ),
    "an attribute without documentation": (
        complex_type("T", '<xs:attribute name="a" type="xs:string"/>'),
        "undocumented: attribute a has no documentation",
    ),
    "an import from the network": (
        '<xs:import namespace="urn:b" schemaLocation="http://example.com/b.xsd"/>',
        "import-location: http://example.com/b.xsd is not a relative location",
    ),
    "an import by absolute path": (
        '<xs:import namespace="urn:b" schemaLocation="/b.xsd"/>',
        "import-location: /b.xsd is not a relative location",
    ),
    "an import of a file that is not there": (
        '<xs:include schemaLocation="b.xsd"/>',
        "import-location: b.xsd does not exist",
    ),
    "an import without a location": (
        '<xs:import namespace="urn:b"/>',
        "import-location: the import of urn:b has no location",
    ),
    "a file that is not well-formed": ("<xs:element", "readable: Not well-formed XML: "),
}


@pytest.mark.parametrize(("body", "expected"), BAD_SCHEMAS.values(), ids=BAD_SCHEMAS.keys())
def test_a_schema_is_found_out(body: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "a.xsd"
    file.write_text(SCHEMA.format(body=body))

    found = [str(finding).partition(f"{file}:")[2].partition(": ")[2] for finding in lint([tmp_path])]

    assert len(found) == 1
    assert found[0].startswith(expected)


GOOD_SCHEMAS = {
    "a repeating element whose type has an attribute": BASKETS
    + complex_type("Basket", sequence(ITEMS) + attribute("elem")),
    "a repeating element with two members": BASKETS
    + complex_type("Basket", sequence(ONE_ITEM, element("Other", "xs:int", MANY))),
    "a repeating element with one member": BASKETS + complex_type("Basket", sequence(ONE_ITEM)),
    "a wrapper that does not repeat": complex_type("Shop", sequence(element("Basket", "Basket")))
    + complex_type("Basket", sequence(ITEMS)),
    "a choice that does not repeat": complex_type(
        "T", f"<xs:choice>{ONE_ITEM}{element('Other', 'xs:int', MANY)}</xs:choice>"
    ),
    "a type and an element of one name": element("Order", "Order") + complex_type("Order", sequence(ONE_ITEM)),
    "an element in two branches of a choice": complex_type(
        "T",
        f"<xs:choice>{sequence(ONE_ITEM, element('A', 'xs:int'))}{sequence(ONE_ITEM)}</xs:choice>",
    ),
    "an attribute called value beside elements": complex_type("T", sequence(ONE_ITEM) + attribute("value")),
}


@pytest.mark.parametrize("body", GOOD_SCHEMAS.values(), ids=GOOD_SCHEMAS.keys())
def test_a_harmless_schema_passes(body: str, tmp_path: Path) -> None:
    (tmp_path / "a.xsd").write_text(SCHEMA.format(body=body))

    assert lint([tmp_path]) == ()


def test_types_are_followed_into_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.xsd").write_text(SCHEMA.format(body='<xs:include schemaLocation="b.xsd"/>' + BASKETS))
    (tmp_path / "b.xsd").write_text(
        SCHEMA.format(body=complex_type("Basket", sequence(ITEMS)) + element("SHOP", "Shop"))
    )
    (tmp_path / "c.xsd").write_text(SCHEMA.format(body=complex_type("SHOP", sequence(ONE_ITEM))))

    found = [(finding.file.name, finding.rule) for finding in lint([tmp_path])]

    assert found == [("a.xsd", "array-of-arrays"), ("c.xsd", "case-only")]


def test_foreign_schemas_may_have_any_shape_but_are_documented(tmp_path: Path) -> None:
    foreign = tmp_path / "xsd" / "siebel"
    foreign.mkdir(parents=True)
    (foreign / "a.xsd").write_text(SCHEMA.format(body='<xs:element name="E"><xs:complexType/></xs:element>'))

    assert [finding.rule for finding in lint([tmp_path])] == ["undocumented"]


WSDL = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:tns="urn:w" targetNamespace="urn:w">
  <wsdl:types>
    <xs:schema targetNamespace="urn:w">
      <xs:element name="In" type="xs:string">
        <xs:annotation><xs:documentation>What goes in.</xs:documentation></xs:annotation>
      </xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="In"><wsdl:part name="payload" element="tns:In"/></wsdl:message>
  <wsdl:portType name="P">
    <wsdl:operation name="Do">
      <wsdl:documentation>Does it.</wsdl:documentation>
      <wsdl:input message="tns:In"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="B" type="tns:P">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Do">
      <soap:operation soapAction="Do" style="document"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="S"><wsdl:port name="P" binding="tns:B"><soap:address location="http://localhost/"/></wsdl:port></wsdl:service>
</wsdl:definitions>"""

ANONYMOUS = SCHEMA.format(body=f'<xs:element name="In">{DOC}<xs:complexType/></xs:element>')
BAD_SERVICES = {
    "an operation without documentation": (
        "<wsdl:documentation>Does it.</wsdl:documentation>",
        "",
        "undocumented: operation Do has no documentation",
    ),
    "SOAP 1.2": ("<soap:binding", "<soap12:binding", "soap-1.1-binding: binding B is not SOAP 1.1 over HTTP"),
    "another transport": ("/soap/http", "/soap/jms", "soap-1.1-binding: binding B is not SOAP 1.1 over HTTP"),
    "encoded": ('use="literal"', 'use="encoded"', "document-literal: Do: body has use encoded, not literal"),
    "no soapAction": (' soapAction="Do"', "", "soap-action: operation Do has no soapAction"),
    "a part by type": (
        'element="tns:In"',
        'type="tns:In"',
        "one-part: message In does not have exactly one part, given by an element",
    ),
    "two parts": (
        '<wsdl:part name="payload" element="tns:In"/>',
        '<wsdl:part name="a" element="tns:In"/><wsdl:part name="b" element="tns:In"/>',
        "one-part: message In does not have exactly one part, given by an element",
    ),
    "no part": (
        '<wsdl:part name="payload" element="tns:In"/>',
        "",
        "one-part: message In does not have exactly one part, given by an element",
    ),
    "a remote import": (
        "<wsdl:types",
        '<wsdl:import namespace="urn:x" location="http://example.com/x.wsdl"/><wsdl:types',
        "import-location: http://example.com/x.wsdl is not a relative location",
    ),
    "an anonymous type in the WSDL itself": (
        "<wsdl:message",
        f"<wsdl:types>{ANONYMOUS}</wsdl:types><wsdl:message",
        "anonymous-complex-type: In has a complexType without a name",
    ),
}


@pytest.mark.parametrize(("good", "bad", "expected"), BAD_SERVICES.values(), ids=BAD_SERVICES.keys())
def test_a_service_is_found_out(good: str, bad: str, expected: str, tmp_path: Path) -> None:
    assert good in WSDL
    file = tmp_path / "w.wsdl"
    file.write_text(WSDL.replace(good, bad, 1))

    assert [f"{finding.rule}: {finding.text}" for finding in lint([file])] == [expected]


def test_a_service_without_a_binding_is_found_out(tmp_path: Path) -> None:
    start, end = WSDL.index("  <wsdl:binding"), WSDL.index("  <wsdl:service")
    (tmp_path / "w.wsdl").write_text(WSDL[:start] + WSDL[end:])

    assert [str(finding.text) for finding in lint([tmp_path])] == ["there is a service but no binding"]


def test_a_good_service_passes(tmp_path: Path) -> None:
    (tmp_path / "w.wsdl").write_text(WSDL)

    assert lint([tmp_path]) == ()


def test_the_program_prints_findings_with_file_and_line_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.xsd"
    file.write_text(SCHEMA.format(body='<xs:include schemaLocation="b.xsd"/>'))

    status = main([str(tmp_path)])

    assert (status, capsys.readouterr().out) == (1, f"{file}:2: import-location: b.xsd does not exist\n")


def test_the_program_fails_on_a_path_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "wsdl"

    status = main([str(missing)])

    assert (status, capsys.readouterr().out) == (1, f"{missing}:0: readable: No such file or directory\n")


def test_our_contracts_are_clean() -> None:
    assert [str(finding) for finding in lint([ROOT / "wsdl", ROOT / "xsd"])] == []
