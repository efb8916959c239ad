"""The services that order flows call: over the business components of all others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.siebel_sim.simulator import Simulator, Tree, argument, records
from tests.siebel_sim.test_installed import ACCOUNT

LINE = {"IntegrationId": "L1", "LineNumber": "1", "Name": "Mobile", "ActionCode": "Add"}
ORDER: dict[str, Any] = {"OrderNumber": "O-1", "IntegrationId": "O1", "AccountId": "1-ADA", "OrderItem": [LINE]}


@pytest.fixture
def siebel(installed: Simulator) -> Simulator:
    return installed


def ordered(siebel: Simulator, **fields: Any) -> dict[str, Any]:
    (order,) = siebel.call("CUTSampleSalesOrderInsert", ORDER | fields)
    return dict(order)


def details(siebel: Simulator, *asked: Tree, **arguments: str) -> list[Any]:
    return siebel.call("OrderDetailQueryPage", *asked, LOVLanguageMode="LDC", **arguments)


def test_order_details_hold_the_fields_asked_for_and_no_other(siebel: Simulator) -> None:
    order = ordered(siebel)
    (found,) = details(siebel, {"Id": f"='{order['Id']}'", "OrderNumber": "", "OrderItem": [{"Name": ""}]})
    assert found == {"Id": order["Id"], "OrderNumber": "O-1", "OrderItem": [{"Name": "Mobile"}]}
    assert details(siebel, {"OrderNumber": "LIKE 'O-*'"}) == [{"OrderNumber": "O-1"}]
    assert details(siebel, {"OrderNumber": "='O-2'"}) == []


def test_order_details_come_sorted_page_by_page_and_counted(siebel: Simulator) -> None:
    for number in range(3):
        ordered(siebel, OrderNumber=f"O-{number}", IntegrationId=f"O{number}", OrderItem=[])
    pages = []
    for start in ("0", "2"):
        wanted = {"OrderNumber": "", "@@OrderNumber": {"sortorder": "DESC", "sortsequence": "1"}}
        paging = {"pagesize": "2", "startrownum": start, "recordcountneeded": "true"}
        answer = siebel.ask("OrderDetailQueryPage", wanted, attributes=paging, LOVLanguageMode="LDC")
        (listed,) = answer
        pages.append(
            (
                [each["OrderNumber"] for each in records(answer)],
                {str(name): str(value) for name, value in listed.attrib.items()},
            )
        )
    assert pages == [
        (["O-2", "O-1"], {"lastpage": "false", "recordcount": "3"}),
        (["O-0"], {"lastpage": "true", "recordcount": "3"}),
    ]


def test_order_detail_update_answers_ids_and_keeps_what_it_does_not_name(siebel: Simulator) -> None:
    order = ordered(siebel, OrderItem=[LINE, LINE | {"IntegrationId": "L2", "LineNumber": "2"}])
    first = {"Id": order["OrderItem"][0]["Id"], "Name": "Fixed"}
    changed = {"Id": order["Id"], "Comments": "changed", "OrderItem": [first]}
    (told,) = siebel.call("OrderDetailUpdate", changed, LOVLanguageMode="LDC")
    assert (told["Id"], told["ModId"], told["OrderItem"]) == (order["Id"], "1", [{"Id": first["Id"], "ModId": "1"}])
    (found,) = siebel.call("CUTSampleSalesOrderQueryById", PrimaryRowId=order["Id"])
    assert (found["Comments"], [each["Name"] for each in found["OrderItem"]]) == ("changed", ["Fixed", "Mobile"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"LOVLanguageMode": "ENU"}, "SBL-EAI-04302"),
        ({"LOVLanguageMode": "LIC", "ViewMode": "Everything"}, "SBL-EAI-04302"),
        ({"LOVLanguageMode": "LIC", "ExecutionMode": "Sideways"}, "SBL-EAI-04302"),
        ({"LOVLanguageMode": "LIC", "NamedSearchSpec": "Nobody's"}, "SBL-EAI-04302"),
        ({"LOVLanguageMode": "LIC", "attributes": {"pagesize": "101"}}, "SBL-EAI-50158"),
    ],
)
def test_order_details_that_cannot_be_asked_for(siebel: Simulator, arguments: dict[str, Any], code: str) -> None:
    assert siebel.refused("OrderDetailQueryPage", {"Id": ""}, **arguments) == [code]


def test_a_hierarchy_is_answered_whole_whichever_account_is_asked_for(siebel: Simulator) -> None:
    ids: list[str] = []
    for number, above in enumerate((None, 0, 0, 1)):
        parent = {} if above is None else {"ParentAccountId": ids[above]}
        told = siebel.call(
            "CUTSampleAccountInsert", ACCOUNT | {"IntegrationId": f"A{number}", "AccountNumber": str(number), **parent}
        )
        ids.append(told[0]["Id"])
    expected = [(ids[0], ""), (ids[1], ids[0]), (ids[2], ids[0]), (ids[3], ids[1])]
    for asked in ids:
        (found,) = siebel.ask("GetAccountHierarchy", AccountId=asked)[0]
        accounts = [(each.findtext("{*}AccountId"), each.findtext("{*}ParentAccountId")) for each in found[0]]
        assert accounts == expected
    assert len(siebel.ask("GetAccountHierarchy", AccountId="1-NOBODY")[0]) == 0


def test_accounts_above_one_another_are_answered_once_each(siebel: Simulator) -> None:
    (one,) = siebel.call("CUTSampleAccountInsert", ACCOUNT)
    (two,) = siebel.call("CUTSampleAccountInsert", ACCOUNT | {"IntegrationId": "A2", "AccountNumber": "2"})
    for below, above in ((one, two), (two, one)):
        siebel.call("CUTSampleAccountUpdate", {"Id": below["Id"], "ParentAccountId": above["Id"]})
    (found,) = siebel.ask("GetAccountHierarchy", AccountId=one["Id"])[0]
    assert sorted(each.findtext("{*}AccountId", "") for each in found[0]) == sorted([one["Id"], two["Id"]])


def test_an_order_upsert_is_a_workflow_over_the_same_orders(siebel: Simulator) -> None:
    order = ordered(siebel)
    line = {"Id": order["OrderItem"][0]["Id"], "Status": "Complete"}
    answer = siebel.ask(
        "SWIOrderUpsert",
        {"Id": order["Id"], "Comments": "done", "SWIOrderItem": [line]},
        Object_spcId="",
        Process_spcInstance_spcId="1-77",
        UTCCanonical="Y",
        Backup_spcOrder_spcFlag="N",
        Cascade_spcDown_spcFlag="N",
        Error_spcCode="",
        Error_spcMessage="",
    )
    assert argument(answer, "Object_spcId") == order["Id"]
    assert argument(answer, "Process_spcInstance_spcId") == "1-77"
    assert (argument(answer, "Error_spcCode"), argument(answer, "Error_spcMessage")) == ("", "")
    (written,) = records(answer)
    assert written["Updated"].endswith("Z")
    assert (written["Comments"], written["SWIOrderItem"][0]["Status"]) == ("done", "Complete")
    (found,) = siebel.call("CUTSampleSalesOrderQueryById", PrimaryRowId=order["Id"])
    assert (found["Comments"], found["OrderItem"][0]["Status"]) == ("done", "Complete")


def test_what_a_workflows_step_refuses_is_the_workflows_error(siebel: Simulator) -> None:
    stack = siebel.stack("SWIOrderUpsert", {"Comments": "whose?"}, **dict.fromkeys(_PROPERTIES, ""))
    assert [code for code, _ in stack] == ["SBL-BPR-00162", "SBL-EAI-04397"]


_PROPERTIES = (
    "Object_spcId",
    "Process_spcInstance_spcId",
    "UTCCanonical",
    "Backup_spcOrder_spcFlag",
    "Cascade_spcDown_spcFlag",
    "Error_spcCode",
    "Error_spcMessage",
)


def test_a_customer_party_is_the_same_account(siebel: Simulator) -> None:
    party = {
        "Name": "Ada Ltd",
        "AccountTypeCode": "Customer",
        "CurrencyCode": "GBP",
        "Type": "Business",
        "AccountNumber": "P-1",
        "IntegrationId": "P1",
    }
    home = {"AddressName": "Home", "StreetAddress": "1 High St", "City": "York", "IntegrationId": "X"}
    siebel.call("SWICustomerPartyInsertOrUpdate", party | {"CutAddress": [home]})
    (account,) = siebel.call("CUTSampleAccountQueryByExample", {"AccountNumber": "P-1"})
    assert account["CutAddress"][0]["City"] == "York"
    siebel.call("SWICustomerPartySynchronize", {"Id": account["Id"], "CutAddress": []})
    (found,) = siebel.call("SWICustomerPartyQueryByExample", {"IntegrationId": "P1"})
    assert (found["Name"], found.get("CutAddress")) == ("Ada Ltd", None)


def test_a_trouble_ticket_is_the_same_service_request(siebel: Simulator) -> None:
    ticket = {"IntegrationId": "T1", "SRNumber": "T-1", "Abstract": "Order failed"}
    (told,) = siebel.call("SWITroubleTicketInsert", ticket)
    siebel.call("SWITroubleTicketInsertOrUpdate", {"IntegrationId": "T1", "Abstract": "Order failed again"})
    (found,) = siebel.call("SWITroubleTicketQueryById", PrimaryRowId=told["Id"])
    (other,) = siebel.call("CUTSampleTroubleTicketQueryById", PrimaryRowId=told["Id"])
    assert (found["Abstract"], other["Abstract"]) == ("Order failed again", "Order failed again")
    assert siebel.refused("SWITroubleTicketUpdate", {"IntegrationId": "T2"}) == ["SBL-EAI-04403"]
