"""Each rule of WS-I Basic Profile 1.1 that the lint knows bites on a contract that breaks it, and on that alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from soapkit import profile_rules
from soapkit.contract_lint import lint
from tests.contract.places import ROOT

SAID = "<xs:annotation><xs:documentation>What it is.</xs:documentation></xs:annotation>"
WSDL = f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/"
    xmlns:tns="urn:w" targetNamespace="urn:w">
  <wsdl:types>
    <xs:schema targetNamespace="urn:w">
      <xs:element name="In" type="xs:string">{SAID}</xs:element>
      <xs:element name="Out" type="tns:Out">{SAID}</xs:element>
      <xs:complexType name="Out">{SAID}
        <xs:sequence><xs:element ref="tns:In">{SAID}</xs:element></xs:sequence></xs:complexType>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="In"><wsdl:part name="payload" element="tns:In"/></wsdl:message>
  <wsdl:message name="Out"><wsdl:part name="payload" element="tns:Out"/></wsdl:message>
  <wsdl:portType name="P">
    <wsdl:operation name="Do"><wsdl:documentation>Does it.</wsdl:documentation>
      <wsdl:input message="tns:In"/><wsdl:output message="tns:Out"/><wsdl:fault name="No" message="tns:Out"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="B" type="tns:P">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Do"><soap:operation soapAction="Do"/>
      <wsdl:input><soap:header message="tns:Out" part="payload" use="literal"/><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="No"><soap:fault name="No" use="literal"/></wsdl:fault>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="S">
    <wsdl:port name="P" binding="tns:B"><soap:address location="http://localhost/"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>"""

IMPORT = '<wsdl:import namespace="urn:x" location="x.wsdl"/>'
BOTH = '<xs:complexType name="Two">' + SAID + "<xs:complexContent>{}</xs:complexContent></xs:complexType>"
ARRAY = (
    '<xs:restriction base="enc:Array"><xs:attribute ref="enc:arrayType" wsdl:arrayType="xs:int[]"/></xs:restriction>'
)
IN, OUT = '<wsdl:input message="tns:In"/>', '<wsdl:output message="tns:Out"/>'
TOO = f'<wsdl:operation name="{{}}"><wsdl:documentation>It.</wsdl:documentation>{IN}</wsdl:operation>'
SECOND_PORT = '<wsdl:port name="Q" binding="tns:B"><soap:address location="http://localhost/"/></wsdl:port>'
MESSAGE = '<wsdl:message name="M"><wsdl:part name="p" element="tns:In"/></wsdl:message>'
FREE = f'<xs:schema><xs:element name="E">{SAID}</xs:element></xs:schema>'

BAD = {
    "R2003": ("<wsdl:types>", '<wsdl:types><xs:import namespace="urn:x" schemaLocation="x.xsd"/>'),
    "R2022": ("<wsdl:portType", f"{IMPORT}<wsdl:portType"),
    "R2023": ("<wsdl:types>", f"{MESSAGE}<wsdl:types>"),
    "R2026": ("<wsdl:types>", '<enc:extension wsdl:required="true"/><wsdl:types>'),
    "R2101": ('binding="tns:B"', 'binding="enc:B"'),
    "R2102": ('type="tns:Out"', 'type="enc:Out"'),
    "R2105": ('<xs:schema targetNamespace="urn:w">', f"{FREE}\\g<0>"),
    "R2112": ("</xs:schema>", f'<xs:element name="ArrayOfThings">{SAID}</xs:element></xs:schema>'),
    "R2206": ('element="tns:In"', 'element="tns:Other"'),
    "R2303": (IN + OUT, OUT + IN),
    "R2306": ('element="tns:In"', 'element="tns:In" type="xs:string"'),
    "R2716": ('<soap:body use="literal"/>', '<soap:body use="literal" namespace="urn:w"/>'),
    "R2718": ("</wsdl:portType>", TOO.format("Too").replace("tns:In", "tns:Out") + "</wsdl:portType>"),
    "R2720": (' part="payload"', ""),
    "R2721": ('<soap:fault name="No"', "<soap:fault"),
    "R2740": ('<wsdl:fault name="No"><soap:fault name="No" use="literal"/></wsdl:fault>', ""),
    "R2749": (' part="payload"', ' part="payload" parts="payload"'),
    "R2754": ('<soap:fault name="No"', '<soap:fault name="Yes"'),
    "R4003": ('encoding="UTF-8"', 'encoding="ISO-8859-1"'),
}
"""What to replace, and by what, so that one requirement is broken."""
BAD_WITH_OTHERS = {
    "R2110": (("</xs:schema>", BOTH.format('<xs:restriction base="enc:Array"/>') + "</xs:schema>"), {"R2102"}),
    "R2111": (("</xs:schema>", BOTH.format(ARRAY) + "</xs:schema>"), {"R2102", "R2110"}),
    "R2304": (("</wsdl:portType>", TOO.format("Do") + "</wsdl:portType>"), {"R2710", "R2740"}),
    "R2701": ((' transport="http://schemas.xmlsoap.org/soap/http"', ""), {"soap-1.1-binding"}),
    "R2710": (("</wsdl:portType>", TOO.format("Too") + "</wsdl:portType>"), {"R2718"}),
    "R2711": (("</wsdl:service>", f"{SECOND_PORT}</wsdl:service>"), set[str]()),
    "R2717": (('style="document"', 'style="rpc"'), {"rpc-parts", "rpc-twin"}),
    "R2803": (("<wsdl:types>", IMPORT.replace("urn:x", "x") + "<wsdl:types>"), {"import-location"}),
    "R4004": (('version="1.0"', 'version="1.1"'), set[str]()),
}
"""The same, where other rules are broken by the same stroke."""


def rules_broken(directory: Path, good: str, bad: str) -> set[str]:
    assert good in WSDL
    (directory / "w.wsdl").write_text(WSDL.replace(good, bad.replace("\\g<0>", good), 1))
    return {finding.rule for finding in lint([directory / "w.wsdl"])}


def test_the_contract_that_is_to_be_broken_is_sound(tmp_path: Path) -> None:
    (tmp_path / "w.wsdl").write_text(WSDL)

    assert [str(finding) for finding in lint([tmp_path])] == []


@pytest.mark.parametrize("rule", sorted(BAD))
def test_a_broken_requirement_is_found_out_by_its_number(rule: str, tmp_path: Path) -> None:
    others = {"import-location"} if rule in {"R2003", "R2022"} else set()

    assert rules_broken(tmp_path, *BAD[rule]) == {rule} | others


@pytest.mark.parametrize("rule", sorted(BAD_WITH_OTHERS))
def test_a_requirement_broken_among_others_is_found_out(rule: str, tmp_path: Path) -> None:
    change, others = BAD_WITH_OTHERS[rule]

    assert rules_broken(tmp_path, *change) == {rule} | others


def test_every_rule_has_a_contract_that_breaks_it() -> None:
    known = {*profile_rules.DOCUMENT, *profile_rules.SCHEMA, *profile_rules.DESCRIPTION}

    assert known == {*BAD, *BAD_WITH_OTHERS}


@pytest.mark.parametrize(
    ("imported", "rule"),
    [
        ('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x"/>', "R2001"),
        ('<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:y"/>', "R2005"),
    ],
)
def test_what_a_wsdl_import_leads_to_is_judged(imported: str, rule: str, tmp_path: Path) -> None:
    (tmp_path / "w.wsdl").write_text(WSDL.replace("<wsdl:types>", f"{IMPORT}<wsdl:types>"))
    (tmp_path / "x.wsdl").write_text(imported)

    assert [finding.rule for finding in lint([tmp_path])] == [rule]


def test_what_a_schema_import_leads_to_is_judged(tmp_path: Path) -> None:
    imported = '<xs:import namespace="urn:x" schemaLocation="x.wsdl"/>'
    (tmp_path / "w.wsdl").write_text(WSDL.replace('"urn:w">\n      <xs', f'"urn:w">{imported}<xs'))
    (tmp_path / "x.wsdl").write_text(
        '<d:definitions xmlns:d="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:x"/>'
    )

    assert [finding.rule for finding in lint([tmp_path])] == ["R2004"]


def test_our_contracts_follow_the_profile() -> None:
    found = lint([ROOT / "wsdl", ROOT / "xsd"])

    assert [str(finding) for finding in found if finding.rule.startswith("R")] == []
