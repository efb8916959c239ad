"""A subscriber with a WSDL of its own is told by its own operation; one that does not fit is refused at start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.config import ConfigError
from gateway.messaging.attempt import Ending
from soapkit.catalog import load
from tests.cut.partner import Partner, partner
from tests.cut.site import Site, records, site

NOWHERE = "http://127.0.0.1:9"
OUT = "CUT_OUT_BILL_01"
ONE = {"Id": "1-A", "Name": "Smith Ltd"}
IO = "http://www.siebel.com/xml/CUT%20Sample%20Account%20IO"

SCHEMA = """
  <xs:schema targetNamespace="urn:bill" elementFormDefault="qualified">
    <xs:import namespace="{io}" schemaLocation="IO.xsd"/>
    <xs:element name="Tell" type="b:Tell"/>
    <xs:complexType name="Tell"><xs:sequence>{content}</xs:sequence></xs:complexType>
    <xs:element name="Told" type="b:Told"/>
    <xs:complexType name="Told"><xs:sequence>
      <xs:element name="Error_spcCode" type="xs:string"/><xs:element name="Error_spcMessage" type="xs:string"/>
      <xs:element name="Object_spcId" type="xs:string"/>
    </xs:sequence></xs:complexType>
    <xs:complexType name="Wrapped"><xs:sequence><xs:element ref="io:ListOfCutSampleAccountIo"/></xs:sequence>
    </xs:complexType>
  </xs:schema>"""

WSDL = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:b="urn:bill" xmlns:io="{io}"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="urn:bill" name="Bill">
  <wsdl:types>{schema}</wsdl:types>
  <wsdl:message name="Tell"><wsdl:part name="Tell" element="b:Tell"/></wsdl:message>
  <wsdl:message name="Told"><wsdl:part name="Told" element="b:Told"/></wsdl:message>
  <wsdl:portType name="Bill"><wsdl:operation name="Tell">
    <wsdl:input message="b:Tell"/>{output}</wsdl:operation></wsdl:portType>
  <wsdl:binding name="Bill" type="b:Bill">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Tell"><soap:operation soapAction="urn:bill:Tell"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>{bound}</wsdl:operation></wsdl:binding>
  <wsdl:service name="Bill"><wsdl:port name="Bill" binding="b:Bill">
    <soap:address location="http://localhost/Bill"/></wsdl:port></wsdl:service>
</wsdl:definitions>"""

LIST = '<xs:element ref="io:ListOfCutSampleAccountIo"/>'
TEXT = '<xs:element name="{}" type="xs:string"/>'


def written(folder: Path, content: str, *, one_way: bool = False) -> Path:
    """Write a WSDL whose operation takes ``content``."""
    shipped = Path(load("wsdl/cut/CUTAccount.wsdl").documents["xsd/siebel/CUTSampleAccountIO.xsd"])
    (folder / "IO.xsd").write_bytes(shipped.read_bytes())
    output = "" if one_way else '<wsdl:output message="b:Told"/>'
    bound = "" if one_way else '<wsdl:output><soap:body use="literal"/></wsdl:output>'
    schema = SCHEMA.format(io=IO, content=content)
    (folder / "Bill.wsdl").write_text(WSDL.format(io=IO, schema=schema, output=output, bound=bound), encoding="utf-8")
    return folder / "Bill.wsdl"


def telling(tmp_path: Path, wsdl: Path, address: str) -> Iterator[Site]:
    subscriber = {"url": f"{address}/services/Bill", "wsdl": str(wsdl), "operation": "Tell", "objects": ["Account"]}
    with site(f"sqlite:///{tmp_path / 'g.db'}", NOWHERE, {"subscribers": {"BILL_01": subscriber}}) as made:
        yield made


@pytest.mark.parametrize(
    "content",
    [
        LIST + TEXT.format("Message_spcId"),
        '<xs:element name="SiebelMessage" type="b:Wrapped"/>' + TEXT.format("Message_spcId"),
        TEXT.format("Account_spcXML") + TEXT.format("Message_spcId") + TEXT.format("Object_spcId"),
        LIST + TEXT.format("Message_spcId") + '<xs:element name="Note" type="xs:string" minOccurs="0"/>',
    ],
)
def test_its_own_operation_is_told_whatever_way_it_takes_the_data(tmp_path: Path, content: str) -> None:
    wsdl = written(tmp_path, content)
    with partner(load(wsdl)) as bill:
        told = _told(tmp_path, wsdl, bill)
    assert told.findtext("{*}Message_spcId")
    names = told.findtext(f".//{{{IO}}}Name"), told.findtext("{urn:bill}Account_spcXML") or ""
    assert "Smith Ltd" in (names[0] or names[1])


def test_a_one_way_operation_is_told_once_it_is_accepted(tmp_path: Path) -> None:
    wsdl = written(tmp_path, LIST, one_way=True)
    with partner(load(wsdl)) as bill:
        assert len(_told(tmp_path, wsdl, bill)) == 1


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (TEXT.format("Message_spcId"), "takes neither ListOfCutSampleAccountIo nor a string"),
        (LIST + TEXT.format("Region"), "requires Region, for which there is no value"),
    ],
)
def test_an_operation_that_does_not_fit_is_refused_at_start(tmp_path: Path, content: str, wrong: str) -> None:
    wsdl = written(tmp_path, content)
    with pytest.raises(ConfigError, match=wrong):
        next(telling(tmp_path, wsdl, NOWHERE))


def _told(tmp_path: Path, wsdl: Path, bill: Partner) -> etree._Element:
    for gateway in telling(tmp_path, wsdl, bill.address):
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.DONE]
        assert records(gateway.objects["Account"], bill.told[0]) in ([ONE], [])
    return bill.told[0]
