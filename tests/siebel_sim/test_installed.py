"""The services that come along: business components are shared, so what one writes every other shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from siebel_sim.settings import Settings
from tests.siebel_sim.conftest import INSTALLED
from tests.siebel_sim.simulator import Simulator

ACCOUNT = {"Name": "Ada Ltd", "IntegrationId": "A1", "AccountNumber": "10-1", "Type": "Business"}
PHONE = {"AssetNumber": "P-1", "SerialNumber": "+44 20 7946 0001", "IntegrationId": "S1"}


@pytest.fixture
def siebel(installed: Simulator) -> Simulator:
    return installed


def owned(siebel: Simulator, row_id: str) -> list[Any]:
    (profile,) = siebel.call("CUTSampleServiceProfileQueryById", PrimaryRowId=row_id)
    return list(profile.get("AssetMgmt-Asset", []))


def test_the_installed_contracts_are_served_unless_told_otherwise(tmp_path: Path) -> None:
    assert Settings(url=f"sqlite:///{tmp_path / 's.sqlite'}").contracts == INSTALLED


def test_an_asset_written_with_its_owner_is_in_the_service_profile(siebel: Simulator) -> None:
    (account,) = siebel.call("CUTSampleAccountInsert", ACCOUNT)
    (asset,) = siebel.call("CUTSampleAssetInsert", PHONE | {"OwnerAccountId": account["Id"]})
    assert asset["OwnerAccountId"] == account["Id"]
    assert [each["SerialNumber"] for each in owned(siebel, account["Id"])] == [PHONE["SerialNumber"]]


def test_an_asset_moves_to_another_owner_and_to_none(siebel: Simulator) -> None:
    (one,) = siebel.call("CUTSampleAccountInsert", ACCOUNT)
    (other,) = siebel.call(
        "CUTSampleAccountInsert", ACCOUNT | {"IntegrationId": "A2", "Name": "Bob", "AccountNumber": "10-2"}
    )
    siebel.call("CUTSampleAssetInsert", PHONE | {"OwnerAccountId": one["Id"]})
    siebel.call("CUTSampleAssetUpdate", {"IntegrationId": "S1", "OwnerAccountId": other["Id"]})
    assert (owned(siebel, one["Id"]), len(owned(siebel, other["Id"]))) == ([], 1)
    siebel.call("CUTSampleAssetUpdate", {"IntegrationId": "S1", "Name": "Line"})
    assert [each["Name"] for each in owned(siebel, other["Id"])] == ["Line"]
    siebel.call("CUTSampleAssetUpdate", {"IntegrationId": "S1", "OwnerAccountId": ""})
    assert owned(siebel, other["Id"]) == []


def test_an_owner_that_is_not_there_is_refused(siebel: Simulator) -> None:
    refused = siebel.refused("CUTSampleAssetInsert", PHONE | {"OwnerAccountId": "1-NOBODY"})
    assert refused == ["SBL-EAI-04376", "SBL-DAT-00225"]
    assert siebel.call("CUTSampleAssetQueryByExample", {}) == []


def test_a_value_that_is_not_in_its_format_is_refused(siebel: Simulator) -> None:
    card = {"BillingProfileName": "Card", "PaymentMethod": "Credit Card", "CreditCardExpirationMonth": "13"}
    refused = siebel.refused("CUTSampleAccountInsert", ACCOUNT | {"ComInvoiceProfile": [card]})
    assert refused == ["SBL-EAI-04376", "SBL-DAT-00359"]
    card["CreditCardExpirationMonth"] = "12"
    assert len(siebel.call("CUTSampleAccountInsert", ACCOUNT | {"ComInvoiceProfile": [card]})) == 1


def test_an_asset_of_a_service_profile_names_its_owner(siebel: Simulator) -> None:
    (account,) = siebel.call("CUTSampleAccountInsert", ACCOUNT)
    profile = {"Id": account["Id"], "AssetMgmt-Asset": [PHONE | {"OwnerAccountId": "whatever"}]}
    siebel.call("CUTSampleServiceProfileInsertOrUpdate", profile)
    (found,) = siebel.call("CUTSampleAssetQueryByExample", {"SerialNumber": PHONE["SerialNumber"]})
    assert found["OwnerAccountId"] == account["Id"]


@pytest.mark.parametrize("path", ["/eai_enu/start.swe", "/eai_anon_enu/start.swe", "/siebel/app/eai/enu"])
def test_one_address_is_for_all_services(siebel: Simulator, path: str) -> None:
    call = f"{path}?SWEExtSource=SecureWebService&SWEExtCmd=Execute&WSSOAP=1"
    (account,) = siebel.call("CUTSampleAccountInsert", ACCOUNT, path=call)
    (profile,) = siebel.call("CUTSampleServiceProfileQueryById", PrimaryRowId=account["Id"], path=call)
    assert profile["AccountNumber"] == ACCOUNT["AccountNumber"]
