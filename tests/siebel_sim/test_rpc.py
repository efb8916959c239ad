"""A service as older Siebels publish it, rpc/literal with the list in a SiebelMessage, dropped beside the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lxml import etree

from siebel_sim.server import build
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.simulator import SHARED, Simulator, stack_of

IO = "http://www.siebel.com/xml/Sample%20Meter"
METHODS = ("QueryByExample", "Insert", "Update", "Synchronize", "Delete", "Init")


def messages() -> str:
    return "".join(
        f"""<message name="Meter{name}Input"><part name="SiebelMessage" type="io:Message"/></message>
            <message name="Meter{name}Output"><part name="SiebelMessage" type="io:Message"/></message>"""
        for name in METHODS
    )


def operations(inside: str) -> str:
    return "".join(
        f"""<operation name="Meter{name}">{inside.replace("NAME", f"Meter{name}")}</operation>""" for name in METHODS
    )


WSDL = f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:io="{IO}" xmlns:tns="http://siebel.com/asi/"
    targetNamespace="http://siebel.com/asi/" name="Meter">
  <types><xsd:schema targetNamespace="{IO}" elementFormDefault="qualified">
    <xsd:complexType name="Message"><xsd:sequence>
      <xsd:element name="ListOfSampleMeter" type="io:ListOfSampleMeter" minOccurs="0"/></xsd:sequence>
      <xsd:attribute name="MessageId" type="xsd:string"/><xsd:attribute name="IntObjectName" type="xsd:string"/>
    </xsd:complexType>
    <xsd:complexType name="ListOfSampleMeter"><xsd:sequence>
      <xsd:element name="Meter" type="io:Meter" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence></xsd:complexType>
    <xsd:complexType name="Meter"><xsd:sequence>
      <xsd:element name="Id" type="xsd:string" minOccurs="0"/>
      <xsd:element name="IntegrationId" type="xsd:string" minOccurs="0"/>
      <xsd:element name="Kind" type="xsd:string" minOccurs="0"/></xsd:sequence></xsd:complexType>
  </xsd:schema></types>
  {messages()}
  <portType name="Meter">{operations('<input message="tns:NAMEInput"/><output message="tns:NAMEOutput"/>')}</portType>
  <binding name="Meter" type="tns:Meter">
    <soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    {
    operations(
        '<soap:operation soapAction="rpc/http://siebel.com/asi/:NAME"/>'
        '<input><soap:body use="literal" namespace="http://siebel.com/asi/"/></input>'
        '<output><soap:body use="literal" namespace="http://siebel.com/asi/"/></output>'
    )
}
  </binding>
  <service name="Meter"><port name="Meter" binding="tns:Meter"><soap:address location="http://x/"/></port></service>
</definitions>"""
SAYS = """
[components.Meter]
refuses = ["insert", "delete"]
[business_components.Meter.fields]
Kind = { default = "Gas" }
"""


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "Meter.wsdl").write_text(WSDL, encoding="utf-8")
    return tmp_path / "drop" / "Meter.toml"


@pytest.fixture
def siebel(tmp_path: Path, beside: Path) -> Iterator[Simulator]:
    given = settings(f"sqlite:///{tmp_path / 'siebel.sqlite'}", drop=beside.parent)
    with closing(build(given)) as app:
        yield Simulator(ADDRESS, app)


def asked(siebel: Simulator, name: str, **fields: str) -> etree._Element:
    inside = "".join(f"<io:{tag}>{value}</io:{tag}>" for tag, value in fields.items())
    body = f"""<t:Meter{name} xmlns:t="http://siebel.com/asi/" xmlns:io="{IO}"><SiebelMessage MessageId="1-1">
        <io:ListOfSampleMeter><io:Meter>{inside}</io:Meter></io:ListOfSampleMeter></SiebelMessage></t:Meter{name}>"""
    _, envelope = siebel.post(body, path=SHARED)
    return envelope


def refusal(envelope: etree._Element) -> list[tuple[str, str]]:
    return stack_of(envelope.find(".//{*}siebdetail"))


def test_a_list_is_wrapped_in_a_message_that_names_its_integration_object(siebel: Simulator) -> None:
    assert asked(siebel, "Insert", IntegrationId="M1", Kind="Water").find(".//{*}Id") is not None
    envelope = asked(siebel, "QueryByExample", IntegrationId="M1")
    message = envelope.find(".//SiebelMessage")
    assert message is not None
    assert {str(name): value for name, value in message.attrib.items()} == {
        "MessageId": "",
        "IntObjectName": "Sample Meter",
    }
    assert envelope.findtext(".//{*}Kind") == "Water"


def test_a_record_begins_with_its_defaults_and_is_not_written(siebel: Simulator, beside: Path) -> None:
    beside.write_text(SAYS, encoding="utf-8")
    assert asked(siebel, "Init").findtext(".//{*}Kind") == "Gas"
    assert asked(siebel, "QueryByExample").find(".//{*}Meter") is None


def test_what_a_component_does_not_allow(siebel: Simulator, beside: Path) -> None:
    asked(siebel, "Insert", IntegrationId="M1", Kind="Water")
    beside.write_text(SAYS, encoding="utf-8")
    said = "Cannot perform 'NewRecord' on the business component 'Meter'(SBL-EAI-04421)"
    assert refusal(asked(siebel, "Synchronize", IntegrationId="M2")) == [("SBL-EAI-04421", said)]
    assert [code for code, _ in refusal(asked(siebel, "Delete", IntegrationId="M1"))] == ["SBL-EAI-04421"]
    assert asked(siebel, "Update", IntegrationId="M1", Kind="Heat").findtext(".//{*}Kind") == "Heat"
