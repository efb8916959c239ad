"""Which Action an operation's messages have, by its WSDL (Metadata 1.0, 4.4; 2004/08, 3.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from soapkit.addressing import SUBMISSION, W3C
from soapkit.addressing.actions import Actions, actions
from soapkit.catalog import load

WSDL = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:wsam="http://www.w3.org/2007/05/addressing/metadata" xmlns:wsaw="http://www.w3.org/2006/05/addressing/wsdl"
    xmlns:old="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:t="{namespace}" targetNamespace="{namespace}">
  <w:types><x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:e">
    <x:element name="in" type="x:string"/><x:element name="out" type="x:string"/><x:element name="no" type="x:string"/>
  </x:schema></w:types>
  <w:message name="In"><w:part name="p" element="e:in" xmlns:e="urn:e"/></w:message>
  <w:message name="Out"><w:part name="p" element="e:out" xmlns:e="urn:e"/></w:message>
  <w:message name="No"><w:part name="p" element="e:no" xmlns:e="urn:e"/></w:message>
  <w:portType name="P"><w:operation name="Op">
    <w:input message="t:In" {input}/><w:output message="t:Out" {output}/><w:fault name="Bad" message="t:No" {fault}/>
  </w:operation></w:portType>
  <w:binding name="B" type="t:P">
    <s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <w:operation name="Op"><s:operation soapAction="{soap_action}"/>
      <w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output>
      <w:fault name="Bad"><s:fault name="Bad" use="literal"/></w:fault></w:operation>
  </w:binding>
  <w:service name="S"><w:port name="Q" binding="t:B"><s:address location="http://placeholder.example/"/></w:port></w:service>
</w:definitions>"""


def read(directory: Path, *, old: bool = False, **said: str) -> Actions:
    blanks = {"namespace": "http://example.com/stock", "input": "", "output": "", "fault": "", "soap_action": ""}
    path = directory / "S.wsdl"
    path.write_text(WSDL.format(**{**blanks, **said}), encoding="utf-8")
    contract = load(path)
    return actions(contract, contract.operation("Op"), SUBMISSION if old else W3C)


def test_what_the_wsdl_says_comes_first(tmp_path: Path) -> None:
    input_, output, fault = (f'wsam:Action="urn:{part}"' for part in ("input", "output", "fault"))
    found = read(tmp_path, soap_action="urn:soap", input=input_, output=output, fault=fault)
    assert (found.accepted, found.request, found.answer) == (frozenset({"urn:input"}), "urn:input", "urn:output")
    assert found.faults == {"{urn:e}no": "urn:fault"}


@pytest.mark.parametrize("prefix", ["wsam", "wsaw", "old"])
@pytest.mark.parametrize("old", [False, True])
def test_the_attribute_of_any_edition_counts(tmp_path: Path, prefix: str, *, old: bool) -> None:
    assert read(tmp_path, old=old, input=f'{prefix}:Action="urn:said"').accepted == {"urn:said"}


def test_without_it_a_soap_action_is_the_action(tmp_path: Path) -> None:
    found = read(tmp_path, soap_action="urn:soap")
    assert found.request == "urn:soap"
    assert found.accepted == {"urn:soap", "http://example.com/stock/P/OpRequest"}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("namespace", ["http://example.com/stock", "http://example.com/stock/"])
def test_the_default_pattern_is_namespace_port_type_and_message(tmp_path: Path, namespace: str, *, old: bool) -> None:
    found = read(tmp_path, old=old, namespace=namespace)
    assert found.accepted == {"http://example.com/stock/P/OpRequest"}
    assert found.answer == "http://example.com/stock/P/OpResponse"
    expected = SUBMISSION.fault if old else "http://example.com/stock/P/Op/Fault/Bad"
    assert found.faults == {"{urn:e}no": expected}


def test_a_urn_is_joined_with_colons_by_the_w3c_only(tmp_path: Path) -> None:
    assert read(tmp_path, namespace="urn:example:stock").answer == "urn:example:stock:P:OpResponse"
    assert read(tmp_path, namespace="urn:example:stock", old=True).answer == "urn:example:stock/P/OpResponse"


def test_messages_with_names_of_their_own_are_called_by_them(tmp_path: Path) -> None:
    found = read(tmp_path, input='name="Ask"', output='name="Tell"')
    assert found.accepted == {"http://example.com/stock/P/Ask"}
    assert found.answer == "http://example.com/stock/P/Tell"
