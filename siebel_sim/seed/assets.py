"""The assets of accounts: a tree of what is held, with the attributes that were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from siebel_sim.seed.accounts import Account
from siebel_sim.seed.batch import Batch, Fields, moment
from siebel_sim.seed.customers import TODAY
from siebel_sim.seed.holdings import Holding


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset as it was made: its row id and its number."""

    row_id: str
    number: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an asset stands: its row id, that of the topmost and of the one above, what was promised, and the day."""

    row_id: str
    root: str
    above: str | None
    promotion: Holding
    day: int


def add_assets(batch: Batch, account: Account, held: Sequence[Holding], day: int) -> Mapping[str, Asset]:
    """Add the assets of an account; they are returned by the keys of what is held."""
    made: dict[str, Asset] = {}
    for promotion in held:
        root = batch.new_id()
        _add_asset(batch, account, promotion, _Place(root, root, None, promotion, day), made)
    return made


def _add_asset(batch: Batch, account: Account, held: Holding, place: _Place, made: dict[str, Asset]) -> None:
    day, asset = place.day, Asset(place.row_id, f"{account.customer.number}-{len(made) + 1:02}")
    made[held.key] = asset
    fields = {**_asset(account, held, day), **_placed(place), "Asset Number": asset.number}
    batch.add("Asset Mgmt - Asset", fields, created=moment(day), parent=account.row_id, row_id=place.row_id)
    _add_attributes(batch, held, place.row_id, day)
    for each in held.below:
        below = _Place(batch.new_id(), place.root, place.row_id, place.promotion, day)
        _add_asset(batch, account, each, below, made)


def _asset(account: Account, held: Holding, day: int) -> Fields:
    product = held.product
    return {
        "Integration Id": held.key,
        "Serial Number": held.service,
        "Name": product.name,
        "Product Id": product.row_id,
        "Product Name": product.name,
        "Product Part Number": product.code,
        "Product Type": product.kind,
        "Billing Type": product.kind,
        "Fulfillment Item Code": product.code,
        "Billing Account Id": account.row_id,
        "Service Account Id": account.row_id,
        "Billing Profile Id": account.profile,
        "Owner Contact Id": account.contact,
        "Asset Currency Code": "GBP",
        "Price Type": product.fee and ("Recurring" if product.recurring else "One-Time"),
        "MRC Cx Total": product.fee if product.recurring else None,
        "NRC Cx Total": None if product.recurring else product.fee,
        "Install Date": moment(min(day + 2, TODAY)),
        "Start Date": moment(min(day + 2, TODAY)),
    }


def _placed(place: _Place) -> Fields:
    promotion = place.promotion if place.promotion.product.kind == "Promotion" else None
    return {
        "Root Asset Id": place.root,
        "Parent Asset Id": place.above,
        "Prod Prom Id": promotion.product.row_id if promotion else None,
        "Prod Prom Instance Id": promotion.key if promotion else None,
    }


def _add_attributes(batch: Batch, held: Holding, parent: str, day: int) -> None:
    for number, each in enumerate(held.attributes, 1):
        fields = {
            "Integration Id": f"{held.key}-xa-{number}",
            "Name": each.name,
            "Display Name": each.name,
            "Data Type": each.kind,
            "Value": each.value,
        }
        batch.add("Asset Mgmt - Asset XA", fields, created=moment(day), parent=parent)
