"""Contracts grow, and what looks records up does so by index, whatever their number."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from siebel_sim.repository import repository
from siebel_sim.server import build
from siebel_sim.store import Store
from soapkit.catalog import load
from tests.siebel_sim.conftest import settings
from tests.siebel_sim.samples import account
from tests.siebel_sim.simulator import SAMPLES, Simulator


def test_columns_and_indexes_are_added_when_a_contract_comes_along(database_url: str) -> None:
    contact = repository([load(SAMPLES / "SampleContact.wsdl")])
    with closing(Store(database_url, contact.business)):
        pass
    with closing(build(settings(database_url))) as app:
        siebel = Simulator("http://siebel.test", app)
        person = {"FirstName": "Ada", "LastName": "Jones", "IntegrationId": "C", "MM": "Dr"}
        (told,) = siebel.call("CUTAccountInsert", account(Contact=[person]))
    assert told["Contact"][0]["MM"] == "Dr"


@pytest.mark.parametrize("condition", ["row_id = '1-1'", "f_integrationid = 'A'", "f_name = 'A' AND f_location = 'B'"])
def test_row_ids_and_user_keys_are_looked_up_by_index(tmp_path: Path, condition: str) -> None:
    found = repository([load(SAMPLES / "CUTAccount.wsdl")])
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    with closing(Store(url, found.business)) as store, store._database.reading() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN SELECT * FROM bc_account WHERE {condition}")).all()
    assert [row[-1].split(" ")[0] for row in plan] == ["SEARCH"]


def test_snapshots_bring_records_back_and_row_ids_are_never_given_again(on_both: Simulator) -> None:
    (first,) = on_both.call("CUTAccountInsert", account())
    on_both.did("POST", "/snapshot/one")
    on_both.did("POST", "/reset")
    (second,) = on_both.call("CUTAccountInsert", account())
    on_both.did("POST", "/restore/one")
    assert [each["Id"] for each in on_both.call("CUTAccountQuery")] == [first["Id"]]
    assert second["Id"] != first["Id"]


def test_seeds_are_written_like_messages(on_both: Simulator) -> None:
    given = {"integration_object": "CUT Sample Account IO", "records": [account()]}
    ((planted,),) = on_both.did("POST", "/seed", [given])
    assert [each["Id"] for each in on_both.call("CUTAccountQuery")] == [planted["Id"]]
    status, told = on_both.control("POST", "/seed", [given | {"records": [{"Hue": "red"}]}])
    assert (status, told) == (400, {"error": "Account has no Hue"})
