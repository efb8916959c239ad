"""Both styles of one service over the wire: what zeep makes of the published contracts, called with typed values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import zeep
from zeep.exceptions import Fault

from soapkit.rpc import twin
from soapkit.run import running
from soapkit.server import application
from tests.contract.soapkit.siebel import SIEBDETAIL, rpc, service

ACCOUNT = {"Account": [{"Id": "1-B", "Name": "Ben", "ListOfCutAddress": {"CutAddress": [{"AddressName": "Home"}] * 2}}]}


def site(url: str) -> WSGIApplication:
    served = replace(service(), paths=())
    return application([served, twin(served, rpc())], public_url=url)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(site) as address:
        yield address


def client(url: str, name: str) -> Any:
    return zeep.Client(f"{url}/services/{name}?wsdl")  # type: ignore[no-untyped-call] # zeep is untyped


def found(style: str, answer: Any) -> Any:
    """Return the accounts of an answer: as they are, or inside the part that holds them."""
    holder = answer.SiebelMessage if style == "CutAccountRpc" else answer
    return holder.ListOfCutSampleAccountIo.Account


@pytest.mark.parametrize("name", ["CutAccount", "CutAccountRpc"])
def test_zeep_reads_and_calls_both_styles(url: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = client(url, name).service.CUTGetAccountData(Object_spcId="1-A", UTCCanonical="Y")

    assert (answer.Object_spcId, answer.Error_spcCode) == ("1-A", "0x0")
    assert [account.Name for account in found(name, answer)] == ["Ada Jones"]
    assert [record.getMessage() for record in caplog.records if record.name.startswith("zeep")] == []


@pytest.mark.parametrize("name", ["CutAccount", "CutAccountRpc"])
def test_an_object_goes_through_both_styles_unchanged(url: str, name: str) -> None:
    nested = {"SiebelMessage": {"ListOfCutSampleAccountIo": ACCOUNT}}
    given = nested if name == "CutAccountRpc" else {"ListOfCutSampleAccountIo": ACCOUNT}

    answer = client(url, name).service.CUTReceiveAccountData(**given, StatusObject="")

    [account] = found(name, answer)
    assert answer.NumberUpserted == 1
    assert (account.Id, account.Name, len(account.ListOfCutAddress.CutAddress)) == ("1-B", "Ben", 2)


@pytest.mark.parametrize("name", ["CutAccount", "CutAccountRpc"])
def test_both_styles_answer_the_same_fault(url: str, name: str) -> None:
    with pytest.raises(Fault, match="No user key") as refused:
        client(url, name).service.CUTGetAccountData(Object_spcId="9-9", UTCCanonical="")

    assert [entry.tag for entry in refused.value.detail] == [SIEBDETAIL]
    assert refused.value.detail[0].findtext(".//{*}errorcode") == "SBL-EAI-04397"


@pytest.mark.parametrize("name", ["CutAccount", "CutAccountRpc"])
def test_both_styles_take_a_one_way_call(url: str, name: str) -> None:
    assert client(url, name).service.CUTSendAccountData(Object_spcId="1-A", UTCCanonical="") is None
