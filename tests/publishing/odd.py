"""Contracts that hold, between them, everything a schema may say; written to a directory for one test."""

from __future__ import annotations

from pathlib import Path

from soapkit.catalog import Contract, load

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:o="urn:odd" elementFormDefault="qualified"'
_WSDL = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:tns="urn:odd:service" xmlns:o="urn:odd" targetNamespace="urn:odd:service" name="Odd">
  <wsdl:types>{types}</wsdl:types>
  <wsdl:message name="In"><wsdl:part name="body" element="o:In"/></wsdl:message>
  <wsdl:message name="Out"><wsdl:part name="body" element="o:Out"/></wsdl:message>
  <wsdl:portType name="Port"><wsdl:operation name="Try">
    <wsdl:input message="tns:In"/><wsdl:output message="tns:Out"/></wsdl:operation></wsdl:portType>
  <wsdl:binding name="Soap" type="tns:Port">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Try"><soap:operation soapAction="urn:odd/Try"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation></wsdl:binding>
  <wsdl:service name="Odd"><wsdl:port name="Soap" binding="tns:Soap">
    <soap:address location="http://localhost/odd"/></wsdl:port></wsdl:service>
</wsdl:definitions>
"""
OUT = '<xs:element name="Out" type="xs:string"/>'


def contract(directory: Path, schema: str) -> Contract:
    """Return a contract whose types hold ``schema``, the content of a schema for ``urn:odd`` that declares ``In``."""
    types = f'<xs:schema {XS} targetNamespace="urn:odd">{schema}{OUT}</xs:schema>'
    return write(directory, types)


def write(directory: Path, types: str, name: str = "Odd.wsdl") -> Contract:
    """Return a contract with all of ``wsdl:types`` given."""
    path = directory / name
    path.write_text(_WSDL.format(types=types), encoding="utf-8")
    return load(path)
