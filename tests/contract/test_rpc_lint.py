"""The lint of rpc/literal contracts: WS-I's rules for them, and that each is the twin of a document/literal one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from soapkit.contract_lint import lint

SAMPLES = Path(__file__).parents[1] / "samples" / "soapkit"
OF_TWINS = {"rpc-literal", "rpc-namespace", "rpc-parts", "rpc-twin", "soap-action", "R2717"}


@pytest.fixture
def wsdl(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "samples")) / "wsdl"


def found(wsdl: Path) -> list[str]:
    findings = lint([wsdl / "CutAccount.wsdl", wsdl / "CutAccountRpc.wsdl"])
    return [f"{finding.rule}: {finding.text}" for finding in findings if finding.rule in OF_TWINS]


def test_a_contract_and_its_twin_pass(wsdl: Path) -> None:
    assert found(wsdl) == []


BODY = '<soap:body use="literal" namespace="http://siebel.com/CustomUI"/>'
BAD = {
    "an operation of another style": (
        '<soap:operation soapAction="rpc/http://siebel.com/CustomUI:CUTSendAccountData"/>',
        '<soap:operation soapAction="" style="document"/>',
        "rpc-literal: CutAccount_bRpc mixes styles",
    ),
    "an encoded body": (
        BODY,
        BODY.replace("literal", "encoded"),
        "rpc-literal: CUTSendAccountData: body has use encoded, not literal",
    ),
    "a body without a namespace": (
        BODY,
        '<soap:body use="literal"/>',
        "R2717: ",
    ),
    "a body of a relative namespace": (
        BODY,
        BODY.replace("http://siebel.com/", ""),
        "R2717: ",
    ),
    "a fault of a namespace": (
        '<soap:fault name="SiebelFault"',
        '<soap:fault name="SiebelFault" namespace="urn:x"',
        "rpc-namespace: SiebelFault: fault has a namespace",
    ),
    "a part given by an element": (
        '<wsdl:part name="StatusObject" type="xsd:string"/>',
        '<wsdl:part name="StatusObject" element="siebelf:siebdetail"/>',
        "rpc-parts: part StatusObject of message CUTReceiveAccountDataRpcInput is not given by its type",
    ),
    "a fault given by a type": (
        '<wsdl:part name="siebdetail" element="siebelf:siebdetail"/>',
        '<wsdl:part name="siebdetail" type="siebelf:SiebDetail"/>',
        "rpc-parts: part siebdetail of message SiebelFault is not given by its element",
    ),
    "no soapAction": (
        ' soapAction="rpc/http://siebel.com/CustomUI:CUTSendAccountData"',
        "",
        "soap-action: operation CUTSendAccountData has no soapAction",
    ),
}


@pytest.mark.parametrize(("good", "bad", "expected"), BAD.values(), ids=BAD.keys())
def test_a_broken_rule_is_found(good: str, bad: str, expected: str, wsdl: Path) -> None:
    twin = wsdl / "CutAccountRpc.wsdl"
    head, there, tail = twin.read_text().rpartition(good)
    assert there
    twin.write_text(f"{head}{bad}{tail}")

    assert [text for text in found(wsdl) if text.startswith(expected)] != []


def test_a_twin_that_differs_is_found(wsdl: Path) -> None:
    twin = wsdl / "CutAccountRpc.wsdl"
    twin.write_text(twin.read_text().replace("Inserts", "inserts"))

    assert found(wsdl) == ["rpc-twin: it is not the twin of CutAccount.wsdl; python -m soapkit.rpc makes it"]


def test_an_rpc_contract_that_is_nobodys_twin_is_found(wsdl: Path) -> None:
    (wsdl / "CutAccount.wsdl").rename(wsdl / "Other.wsdl")

    texts = [finding.text for finding in lint([wsdl / "CutAccountRpc.wsdl"]) if finding.rule == "rpc-twin"]

    assert texts == ["there is no document/literal contract CutAccount.wsdl that it is the twin of"]
