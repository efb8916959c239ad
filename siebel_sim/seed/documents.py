"""Seeds that a test brings as JSON: records of its own, written by the adapter like any message; or made-up customers.

[{"integration_object": "CUT Sample Account IO", "method": "Upsert",
  "records": [{"Name": "Ada Ltd", "Type": "Business", "CutAddress": [{"City": "York", …}]}]}]

{"customers": 300}            into an empty database; with "add": true beside what is there
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from siebel_sim.adapter import METHODS, Arguments
from siebel_sim.errors import SiebelError
from siebel_sim.messages import Instance, Record
from siebel_sim.repository import Component, Object, Repository
from siebel_sim.seed.seeding import DEFAULT, AlreadySeeded, NothingToSeed, seed
from siebel_sim.store import Store


class Seed(BaseModel):
    """Records of one integration object: written in one transaction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    integration_object: str
    method: Literal["Insert", "Upsert", "Synchronize"] = "Upsert"
    records: list[dict[str, Any]]


class Made(BaseModel):
    """Made-up customers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customers: int = Field(DEFAULT, ge=1, le=1_000_000)
    add: bool = False


def plant(document: Any, repository: Repository, store: Store, now: datetime) -> Any:
    """Write what ``document`` asks for: records, each seed in a transaction, or made-up customers.

    Returns the row ids of the records, as a tree; of customers, how many records were made of each component.
    ValueError for the first that is wrong; those before it stay.
    """
    if isinstance(document, dict):
        return _made(Made.model_validate(document), store)
    if not isinstance(document, list):
        raise ValueError("A seed is a list of objects, or an object that says how many customers")  # noqa: TRY004 - the document is wrong, not the program
    return [_planted(number, Seed.model_validate(each), repository, store, now) for number, each in enumerate(document)]


def _made(wanted: Made, store: Store) -> Mapping[str, int]:
    try:
        return seed(store, customers=wanted.customers, add=wanted.add).records
    except (AlreadySeeded, NothingToSeed) as error:
        raise ValueError(str(error)) from error


def _planted(number: int, seed: Seed, repository: Repository, store: Store, now: datetime) -> list[dict[str, Any]]:
    about = _object(seed.integration_object, repository)
    message = tuple(_instance(each, about.root) for each in seed.records)
    try:
        with store.writing(now) as session:
            answer = METHODS[seed.method].run(session, Arguments(about.root, message, {}))
    except SiebelError as error:
        raise ValueError(f"seed {number}: {error}") from error
    return [_row_ids(record) for record in answer.records]


def _object(name: str, repository: Repository) -> Object:
    for objects in repository.objects.values():
        for each in objects.values():
            if each.name == name:
                return each
    raise ValueError(f"there is no integration object {name}")


def _instance(given: Mapping[str, Any], component: Component) -> Instance:
    fields = {each.tag for each in component.fields}
    below = {child.tag: child for child in component.children.values()}
    if unknown := set(given) - fields - set(below):
        raise ValueError(f"{component.tag} has no {', '.join(sorted(unknown))}")
    children = {tag: tuple(_instance(each, below[tag]) for each in given[tag]) for tag in below if tag in given}
    values = {tag: "" if given[tag] is None else str(given[tag]) for tag in fields if tag in given}
    return Instance(component, values, children)


def _row_ids(record: Record) -> dict[str, Any]:
    below = {tag: [_row_ids(each) for each in records] for tag, records in record.children.items() if records}
    return {"Id": record.row_id, **below}
