"""Every operation has a request that somebody has written: pages show it, and the gateway and Siebel take it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from gateway.cut.objects import SHIPPED
from soapkit.catalog import ContractError, contracts_root, load
from soapkit.client import Client
from soapkit.publish.examples import REQUEST, VERSIONS, example, written_request
from tests.cut.site import ADDRESS, Site

CONTRACTS = [load(row.wsdl) for row in SHIPPED]
CALLS = [(contract, operation) for contract in CONTRACTS for operation in contract.operations]


def test_each_of_the_twenty_operations_has_one() -> None:
    assert len([operation for contract, operation in CALLS if written_request(contract, operation) is not None]) == 20


def test_what_is_published_as_an_example_is_what_was_written() -> None:
    [contract] = [each for each in CONTRACTS if each.name == "CUTAccount"]

    told = example(contract, "CUTReceiveAccountData", REQUEST, VERSIONS["1.1"], full=False) or b""

    assert "Zoë Smith &amp; Sons" in told.decode()


def test_all_of_them_are_taken_one_after_the_other(gateway: Site) -> None:
    for contract, operation in sorted(CALLS, key=lambda call: "Receive" not in call[1].name):
        body = written_request(contract, operation)
        assert body is not None
        answer = Client(contract, f"{ADDRESS}/services/{contract.name}", wsgi=gateway.app).call(operation.name, body)
        assert answer is not None
        assert (operation.name, answer.findtext("{*}Error_spcCode")) == (operation.name, "")
        if "Receive" in operation.name or "Get" in operation.name:
            assert answer.findtext("{*}Object_spcId"), operation.name


@pytest.mark.parametrize(
    ("content", "why"), [("<other/>", "is other, not"), ("", "Not well-formed"), (None, "PageSiz")]
)
def test_one_that_is_no_such_message_is_no_example(content: str | None, why: str, tmp_path: Path) -> None:
    for folder in ("wsdl/cut", "xsd/siebel"):
        (tmp_path / folder).mkdir(parents=True)
        for file in (contracts_root() / folder).glob("CUT*Account*"):
            (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    contract = load(tmp_path / "wsdl/cut/CUTAccount.wsdl")
    wrong = '<CUTGetAccountData_Input xmlns="http://siebel.com/CustomUI"><PageSiz/></CUTGetAccountData_Input>'
    (tmp_path / "wsdl/cut/samples").mkdir()
    (tmp_path / "wsdl/cut/samples/CUTGetAccountData_Input.xml").write_text(wrong if content is None else content)

    with pytest.raises(ContractError, match=why):
        written_request(contract, contract.operation("CUTGetAccountData"))


def test_samples_are_of_operations_that_there_are() -> None:
    names = {f"{etree.QName(operation.input).localname}.xml" for _, operation in CALLS}

    assert {file.name for file in (contracts_root() / "wsdl" / "cut" / "samples").iterdir()} == names
