"""The table of the EAI Siebel Adapter, row by row, through the wire."""

from __future__ import annotations

from typing import Any

import pytest

from tests.siebel_sim.samples import account, address, contact, profile
from tests.siebel_sim.simulator import SHARED, Simulator, argument, records

Records = list[dict[str, Any]]


def made(siebel: Simulator, **fields: Any) -> dict[str, Any]:
    (record,) = siebel.call("CUTAccountInsert", account(**fields))
    return dict(record)


def read(siebel: Simulator, row_id: str) -> dict[str, Any]:
    (record,) = siebel.call("CUTAccountQueryById", PrimaryRowId=row_id)
    return dict(record)


def keys(record: dict[str, Any], component: str = "CutAddress") -> list[str]:
    return [each["IntegrationId"] for each in record.get(component, [])]


def test_what_is_inserted_is_read_by_its_row_id_children_included(on_both: Simulator) -> None:
    told = made(on_both, CutAddress=[address("X"), address("Y")], ComInvoiceProfile=[profile("P")])
    found = read(on_both, told["Id"])
    assert found == told
    assert keys(found) == ["X", "Y"]
    assert found["ComInvoiceProfile"][0]["AccountId"] == told["Id"]
    assert found["AccountStatus"] == "Active"  # its default


def test_an_unknown_row_id_is_no_object_and_no_fault(on_both: Simulator) -> None:
    made(on_both)
    assert on_both.call("CUTAccountQueryById", PrimaryRowId="1-NOBODY") == []


def test_insert_refuses_a_match(on_both: Simulator) -> None:
    made(on_both)
    assert on_both.refused("CUTAccountInsert", account()) == ["SBL-EAI-04383"]


def test_update_refuses_no_match(siebel: Simulator) -> None:
    assert siebel.refused("CUTAccountUpdate", account()) == ["SBL-EAI-04403"]


def test_update_changes_supplied_fields_only_and_removes_unmatched_children(on_both: Simulator) -> None:
    told = made(on_both, CutAddress=[address("X"), address("Y")], Contact=[contact("C")])
    on_both.call("CUTAccountUpdate", {"Id": told["Id"], "Location": "York", "CutAddress": [address("Y", City="Rome")]})
    found = read(on_both, told["Id"])
    assert (found["Location"], found["Name"]) == ("York", "Ada Ltd")
    assert [(each["IntegrationId"], each["City"]) for each in found["CutAddress"]] == [("Y", "Rome")]
    assert keys(found, "Contact") == ["C"]  # its container was not there


def test_insert_or_update_keeps_unmatched_children(on_both: Simulator) -> None:
    told = made(on_both, CutAddress=[address("X")])
    on_both.call("CUTAccountInsertOrUpdate", account(Location="York", CutAddress=[address("Y")]))
    found = read(on_both, told["Id"])
    assert (found["Location"], keys(found)) == ("York", ["X", "Y"])


@pytest.mark.parametrize(("sent", "left"), [([], []), ([address("Z")], ["Z"])])
def test_synchronize_removes_children_that_a_container_has_not(
    on_both: Simulator, sent: Records, left: list[str]
) -> None:
    told = made(on_both, CutAddress=[address("X")], Contact=[contact("C")])
    on_both.call("CUTAccountSynchronize", account(CutAddress=sent))
    found = read(on_both, told["Id"])
    assert (keys(found), keys(found, "Contact")) == (left, ["C"])


def test_half_of_a_hierarchy_failing_writes_nothing(on_both: Simulator) -> None:
    bad = profile("P", Status="Nonsense")
    assert on_both.refused("CUTAccountInsert", account(CutAddress=[address("X")], ComInvoiceProfile=[bad])) == [
        "SBL-EAI-04376",
        "SBL-DAT-00225",
    ]
    assert on_both.call("CUTAccountQuery") == []


def test_delete_takes_what_is_below_along(on_both: Simulator) -> None:
    told = made(on_both, Contact=[contact("C")])
    on_both.call("CUTAccountDelete", PrimaryRowId=told["Id"])
    assert on_both.call("CUTAccountQuery") == []
    assert on_both.call("SampleContactQueryByExample", {}) == []


def test_delete_of_nothing_is_an_error_only_when_asked(siebel: Simulator) -> None:
    assert siebel.call("CUTAccountDelete", PrimaryRowId="1-NO") == []
    refused = siebel.refused("CUTAccountDelete", PrimaryRowId="1-NO", ErrorOnNonExistingDelete="true")
    assert refused == ["SBL-EAI-04404"]


def test_delete_without_any_criterion_is_refused(siebel: Simulator) -> None:
    made(siebel)
    assert siebel.refused("CUTAccountDelete", {}) == ["SBL-EAI-04397"]
    assert len(siebel.call("CUTAccountQuery")) == 1


def test_a_child_example_filters_children_and_never_parents(on_both: Simulator) -> None:
    made(on_both, CutAddress=[address("X", City="Rome"), address("Y")])
    made(on_both, IntegrationId="A2", Name="Bob Ltd")
    found = on_both.call("CUTAccountQueryByExample", {"Name": "*Ltd", "CutAddress": [{"City": "R?me"}]})
    assert [(each["Name"], keys(each)) for each in found] == [("Ada Ltd", ["X"]), ("Bob Ltd", [])]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("[Name] LIKE 'a*'", []),
        ("[Name] LIKE 'A?a*' AND [Account.Integration Id] LIKE 'A*'", ["A1"]),
        ("NOT EXISTS([CutAddress.City] = 'Rome') AND [Name] <> 'Carl'", ["A1"]),
        ("[Name] NOT LIKE '*a*' OR [Name] ~= 'CARL'", ["A2", "A3"]),
        ("([Credit Score] >= 10 OR [Credit Score] < -1) AND [Name] IS NOT NULL", ["A2"]),
        ("[Name] ~LIKE 'a*'", ["A1"]),
        ("[Integration Id] = 'A2' OR [IntegrationId] = \"A3\"", ["A2", "A3"]),
        ("[Credit Score] > 9", ["A2"]),
        ("[Credit Score] IS NULL AND NOT [Name] = 'Ada Ltd'", ["A3"]),
        ("EXISTS([City] = 'Rome')", ["A2"]),
        ("[Customer Since] >= '02/01/2026'", ["A3"]),
    ],
)
def test_search_specifications_find_what_they_say(on_both: Simulator, spec: str, found: list[str]) -> None:
    made(on_both)
    made(on_both, IntegrationId="A2", Name="B_b", CreditScore="10", CutAddress=[address("X", City="Rome")])
    made(on_both, IntegrationId="A3", Name="Carl", CustomerSince="03/01/2026")
    assert [each["IntegrationId"] for each in on_both.call("CUTAccountQuery", SearchSpec=spec)] == found


def test_pages_follow_one_another_until_the_last(on_both: Simulator) -> None:
    for number in range(5):
        made(on_both, IntegrationId=f"A{number}", Name=f"N{number}")
    seen = []
    for start in ("0", "2", "4"):
        page: dict[str, Any] = {"PageSize": "2", "StartRowNum": start, "SortSpec": "Name (DESCENDING)"}
        answer = on_both.ask("CUTAccountQueryPage", **page)
        seen.append(([each["Name"] for each in records(answer)], argument(answer, "LastPage")))
    assert seen == [(["N4", "N3"], "false"), (["N2", "N1"], "false"), (["N0"], "true")]


def test_a_status_object_has_status_key_fields_only(siebel: Simulator) -> None:
    told = made(siebel)
    answer = siebel.call("CUTAccountUpdate", {"Id": told["Id"], "Location": "York"}, StatusObject="true")
    assert answer == [{"Id": told["Id"], "ModId": "1"}]


@pytest.mark.parametrize(
    ("operation", "left"), [("upsert", ["X", "Y"]), ("sync", ["Y"]), ("Upsert", ["Y"]), ("skiptree", ["X"])]
)
def test_execute_does_what_each_operation_says_and_a_misspelt_one_is_sync(
    siebel: Simulator, operation: str, left: list[str]
) -> None:
    told = made(siebel, CutAddress=[address("X")])
    siebel.call("CUTAccountExecute", account(CutAddress=[address("Y")], **{"@operation": operation}))
    assert keys(read(siebel, told["Id"])) == left


def test_two_services_share_a_business_component_and_one_address(siebel: Simulator) -> None:
    made(siebel, Contact=[contact("C")])
    found = siebel.call("SampleContactQueryByExample", {"IntegrationId": "C"}, path=SHARED)
    assert [each["LastName"] for each in found] == ["Jones C"]


def test_lines_inside_lines_are_kept_without_a_sidecar(on_both: Simulator) -> None:
    inner = {"LineNumber": "1.1", "IntegrationId": "L11"}
    line = {"LineNumber": "1", "IntegrationId": "L1", "OrderItem": [inner]}
    (told,) = on_both.call("SampleOrderInsert", {"OrderNumber": "O1", "IntegrationId": "O1", "OrderItem": [line]})
    (found,) = on_both.call("SampleOrderQueryById", PrimaryRowId=told["Id"])
    assert found["OrderItem"][0]["OrderItem"][0]["LineNumber"] == "1.1"


def test_a_primary_child_fills_its_parents_field(siebel: Simulator) -> None:
    told = made(siebel, CutAddress=[address("X"), address("Y", **{"@IsPrimaryMVG": "Y"})])
    found = read(siebel, told["Id"])
    assert found["PrimaryAddressId"] == found["CutAddress"][1]["RowId"]
    assert [each["@IsPrimaryMVG"] for each in found["CutAddress"]] == ["N", "Y"]
