"""rpc/literal contracts: how they are read, what makes them unusable, and how a twin's is made of the other's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lxml import etree

from soapkit.catalog import Contract, ContractError, Part, Style, load
from soapkit.rpc.__main__ import main
from soapkit.rpc.contract import twin_path, twin_wsdl

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "soapkit"
UI = "{http://siebel.com/CustomUI}"
IO = "{http://www.siebel.com/xml/CUT%20Sample%20Account%20IO}"
STRING = "{http://www.w3.org/2001/XMLSchema}string"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "contract")) / "wsdl"


def twin() -> Contract:
    return load(SAMPLES / "wsdl" / "CutAccountRpc.wsdl")


def rewritten(file: Path, old: str, new: str) -> Path:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return file


def test_an_rpc_operation_has_wrappers_parts_and_its_style() -> None:
    operation = twin().operation("CUTGetAccountData")

    assert (operation.style, operation.soap_action) == (Style.RPC, "rpc/http://siebel.com/CustomUI:CUTGetAccountData")
    assert (operation.input, operation.output) == (f"{UI}CUTGetAccountData", f"{UI}CUTGetAccountDataResponse")
    assert operation.parts == (Part("Object_spcId", STRING), Part("UTCCanonical", STRING))
    assert operation.answer_parts == (
        Part("Error_spcCode", STRING),
        Part("SiebelMessage", f"{UI}OptionalListOfCutSampleAccountIoArgument"),
        Part("Object_spcId", STRING),
    )
    assert twin().operation("CUTReceiveAccountData").parts[0].type == f"{IO}ListOfCutSampleAccountIoTopElmt"
    assert twin().operation("CUTSendAccountData").output is None
    assert twin().by_input(f"{UI}CUTGetAccountData") is operation


def test_a_document_operation_has_no_parts() -> None:
    operation = load(SAMPLES / "wsdl" / "CutAccount.wsdl").operation("CUTGetAccountData")

    assert (operation.style, operation.parts, operation.answer_parts) == (Style.DOCUMENT, (), ())


def test_a_wrapper_is_validated_like_a_declared_element() -> None:
    good = etree.fromstring(
        f"<u:CUTGetAccountData xmlns:u='{UI[1:-1]}'><Object_spcId/><UTCCanonical/></u:CUTGetAccountData>"
    )
    bad = etree.fromstring(f"<u:CUTGetAccountData xmlns:u='{UI[1:-1]}'><Object_spcId/>\n<X/></u:CUTGetAccountData>")

    assert twin().check(good) == ()
    assert [(found.path, found.line, found.rule) for found in twin().check(bad)] == [
        ("/CUTGetAccountData/X", 2, "cvc-complex-type.2.4")
    ]


BROKEN = {
    "a part given by an element": (
        '<wsdl:part name="UTCCanonical" type="xsd:string"/>',
        '<wsdl:part name="UTCCanonical" element="siebelf:siebdetail"/>',
        "R2203",
    ),
    "a body without a namespace": (' namespace="http://siebel.com/CustomUI"/>', "/>", "R2717"),
    "an encoded body": ('<soap:body use="literal"', '<soap:body use="encoded"', "R2706"),
    "operations of two styles": (
        '<soap:operation soapAction="rpc/http://siebel.com/CustomUI:CUTSendAccountData"/>',
        '<soap:operation soapAction="" style="document"/>',
        "R2705",
    ),
    "a part of an unknown type": ('type="xsd:int"', 'type="tns:Nothing"', "Nothing"),
}


@pytest.mark.parametrize(("old", "new", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_an_rpc_contract_that_cannot_be_used_says_why(copied: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        load(rewritten(copied / "CutAccountRpc.wsdl", old, new))


def test_only_the_parts_that_a_body_lists_are_in_it(copied: Path) -> None:
    old = '<soap:body use="literal" namespace="http://siebel.com/CustomUI"/>'
    contract = load(rewritten(copied / "CutAccountRpc.wsdl", old, old.replace("use", 'parts="Object_spcId" use')))

    assert contract.operation("CUTSendAccountData").parts == (Part("Object_spcId", STRING),)


def test_the_sample_twin_is_what_is_made_of_the_document_style() -> None:
    source = SAMPLES / "wsdl" / "CutAccount.wsdl"

    assert twin_path(source).read_bytes() == twin_wsdl(source, SAMPLES)


def test_a_twin_without_hierarchies_holds_no_message_elements(copied: Path) -> None:
    written = twin_wsdl(copied / "CutAccount.wsdl", copied.parent)

    assert b"_Input" not in written
    assert b"_Output" not in written


def test_a_holder_is_made_where_siebel_has_no_type_for_it(copied: Path) -> None:
    schema = copied.parent / "xsd" / "siebel" / "CutSampleAccountIo.xsd"
    rewritten(schema, "ListOfCutSampleAccountIoTopElmt", "SomethingElse")
    twin_path(copied / "CutAccount.wsdl").write_bytes(twin_wsdl(copied / "CutAccount.wsdl", copied.parent))

    contract = load(copied / "CutAccountRpc.wsdl")

    assert contract.operation("CUTReceiveAccountData").parts[0].type == f"{UI}ListOfCutSampleAccountIoArgument"


def test_two_objects_are_parts_called_like_their_elements(copied: Path) -> None:
    source = rewritten(
        copied / "CutAccount.wsdl",
        '<xsd:element ref="xsdLocal1:ListOfCutSampleAccountIo"/>',
        '<xsd:element ref="xsdLocal1:ListOfCutSampleAccountIo"/><xsd:element ref="siebelf:siebdetail"/>',
    )
    twin_path(source).write_bytes(twin_wsdl(source, copied.parent))

    parts = load(twin_path(source)).operation("CUTReceiveAccountData").parts

    assert [part.name for part in parts] == ["ListOfCutSampleAccountIo", "siebdetail", "StatusObject"]


def test_a_prefix_is_declared_where_a_part_needs_one(copied: Path) -> None:
    source = copied / "CutAccount.wsdl"
    rewritten(source, '                  xmlns:xsd="http://www.w3.org/2001/XMLSchema"\n', "")
    rewritten(source, "<xsd:schema ", '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" ')
    twin_path(source).write_bytes(twin_wsdl(source, copied.parent))

    assert load(twin_path(source)).operation("CUTSendAccountData").parts[0] == Part("Object_spcId", STRING)


NAMELESS = '<xsd:simpleType><xsd:restriction base="xsd:int"/></xsd:simpleType>'
NO_PARTS = {
    "a repeating child": ('ref="xsdLocal1:ListOfCutSampleAccountIo"/>', 'ref="siebelf:siebdetail" maxOccurs="2"/>'),
    "an optional number": ('type="xsd:int"', 'type="xsd:int" minOccurs="0"'),
    "a choice": ("xsd:sequence>", "xsd:choice>"),
    "a wildcard": ('<xsd:element name="NumberUpserted" type="xsd:int"/>', "<xsd:any/>"),
    "a type without a name": (
        '<xsd:element name="NumberUpserted" type="xsd:int"/>',
        f'<xsd:element name="NumberUpserted">{NAMELESS}</xsd:element>',
    ),
    "an attribute": ("</xsd:sequence>", '</xsd:sequence><xsd:attribute name="a" type="xsd:string"/>'),
    "two children of one name": (
        'name="UTCCanonical" type="xsd:string" minOccurs="0"',
        'name="Object_spcId" type="xsd:string"',
    ),
    "an element of a simple type": (
        '<xsd:element name="CUTGetAccountData_Input" type="tns:CUTGetAccountData_Input"/>',
        '<xsd:element name="CUTGetAccountData_Input" type="xsd:string"/>',
    ),
}


@pytest.mark.parametrize(("old", "new"), NO_PARTS.values(), ids=NO_PARTS.keys())
def test_what_cannot_be_a_part_is_refused_by_name(copied: Path, old: str, new: str) -> None:
    source = rewritten(copied / "CutAccount.wsdl", old, new)

    with pytest.raises(ContractError, match=r"CUT.* cannot be an rpc/literal message: "):
        twin_wsdl(source, copied.parent)


def test_the_program_writes_twins_and_finds_those_that_differ(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, made = copied / "CutAccount.wsdl", copied / "CutAccountRpc.wsdl"
    made.unlink()

    assert main(["--check", str(source)]) == 1
    assert "not the twin of CutAccount.wsdl" in capsys.readouterr().err
    assert (main([str(source)]), main(["--check", str(source)])) == (0, 0)
    rewritten(made, "Inserts", "inserts")
    assert main(["--check", str(source)]) == 1


def test_the_program_says_what_can_have_no_twin(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(copied / "Orders.wsdl")]) == 1
    assert "cannot be an rpc/literal message" in capsys.readouterr().err
