from decimal import Decimal
from typing import Any

import pytest
import zeep

from brm_sim.flist import Array, Flist, Poid
from brm_sim.registry import registry
from soapkit.faults import RemoteFault
from tests.brm_sim.simulator import B, Simulator, buffer_of, transaction_header

HANDLE: Flist = {"POID": Poid("0.0.0.1", "/poid", -1)}
ACCOUNT: Flist = {
    "POID": Poid("0.0.0.1", "/plan", -1),
    "ACCTINFO": Array({0: {"POID": Poid("0.0.0.1", "/account", -1), "ACCOUNT_NO": "A-1", "CURRENCY": 826}}),
    "NAMEINFO": Array(
        {1: {"FIRST_NAME": "Ada", "LAST_NAME": "Jones", "ADDRESS": "1 High St", "CITY": "York", "COUNTRY": "UK"}}
    ),
    "BILLINFO": Array(
        {
            0: {
                "POID": Poid("0.0.0.1", "/billinfo", -1),
                "BILLINFO_ID": "B-1",
                "PAY_TYPE": 10001,
                "PAYINFO": Array({0: {}}),
            }
        }
    ),
    "PAYINFO": Array({0: {"POID": Poid("0.0.0.1", "/payinfo/invoice", -1), "PAY_TYPE": 10001, "INHERITED_INFO": {}}}),
}


def refused(simulator: Simulator, opcode: str, flist: Flist, **how: str) -> dict[str, str]:
    with pytest.raises(RemoteFault) as fault:
        simulator.call(opcode, flist, trans_id=how.get("trans_id"))
    return buffer_of(fault.value)


def test_every_service_is_listed_and_served_at_the_products_path_too(simulator: Simulator) -> None:
    _, page = simulator.http("GET", "/services/")
    for contract in registry().contracts:
        assert contract.name in page.decode()
        status, _ = simulator.http("GET", f"/BrmWebServices/{contract.name}?wsdl")
        assert status == 200


def test_loopback_answers_what_it_is_given(simulator: Simulator) -> None:
    flist: Flist = {
        "POID": Poid("0.0.0.1", "/account", 41343, 9),
        "AMOUNT": Decimal("1.50"),
        "SERVICES": Array({7: {"LOGIN": "ada", "END_T": None}}),
    }
    assert simulator.call("PCM_OP_TEST_LOOPBACK", flist) == flist


def test_an_account_is_created_in_a_transaction_and_read_back(simulator: Simulator) -> None:
    trans_id = str(simulator.call("PCM_OP_TRANS_OPEN", HANDLE, flags=65536)["TRANS_ID"])
    made = simulator.call("PCM_OP_CUST_COMMIT_CUSTOMER", {**ACCOUNT, "TXN_FLAGS": 2}, trans_id=trans_id)
    account = made["ACCOUNT_OBJ"]
    assert isinstance(account, Poid)
    assert refused(simulator, "PCM_OP_READ_OBJ", {"POID": account})["errno"] == "PIN_ERR_NOT_FOUND"
    simulator.call("PCM_OP_TRANS_COMMIT", {**HANDLE, "TRANS_ID": trans_id})
    read = simulator.call("PCM_OP_READ_FLDS", {"POID": account, "ACCOUNT_NO": None, "CURRENCY": None})
    assert (read["ACCOUNT_NO"], read["CURRENCY"]) == ("A-1", 826)


def test_commit_customer_commits_alone_unless_told_to_join(simulator: Simulator) -> None:
    trans_id = str(simulator.call("PCM_OP_TRANS_OPEN", HANDLE, flags=65536)["TRANS_ID"])
    account = simulator.call("PCM_OP_CUST_COMMIT_CUSTOMER", ACCOUNT, trans_id=trans_id)["ACCOUNT_OBJ"]
    simulator.call("PCM_OP_TRANS_ABORT", HANDLE, trans_id=trans_id)
    assert isinstance(account, Poid)
    assert simulator.call("PCM_OP_READ_OBJ", {"POID": account})["ACCOUNT_NO"] == "A-1"


def test_an_opcode_outside_the_opcode_table_is_not_simulated(simulator: Simulator) -> None:
    buffer = refused(simulator, "PCM_OP_BILL_MAKE_BILL_NOW", {"POID": Poid("0.0.0.1", "/account", 1)})
    assert buffer["errno"] == "PIN_ERR_BAD_OPCODE"
    assert "not simulated" in buffer["text"]


def test_an_unknown_transaction_is_lost(simulator: Simulator) -> None:
    buffer = refused(simulator, "PCM_OP_READ_OBJ", {"POID": Poid("0.0.0.1", "/account", 1)}, trans_id="1,0a,0b")
    assert buffer["errno"] == "PIN_ERR_TRANS_LOST"


@pytest.mark.parametrize("number", [2**63, 10**25, -(2**63)])
def test_a_poid_of_more_than_64_bits_is_none(simulator: Simulator, number: int) -> None:
    buffer = refused(simulator, "PCM_OP_READ_OBJ", {"POID": Poid("0.0.0.1", "/account", number)})
    assert (buffer["errno"], buffer["field"]) == ("PIN_ERR_BAD_TYPE", "PIN_FLD_POID")


def test_an_error_buffer_carries_names_and_numbers(simulator: Simulator) -> None:
    with pytest.raises(RemoteFault) as fault:
        simulator.call("PCM_OP_READ_OBJ", {"POID": Poid("0.0.0.1", "/account", 987654321)})
    detail = fault.value.detail
    assert detail is not None
    errno = detail.find(f"{B}errno")
    assert errno is not None
    assert (errno.text, errno.get("number")) == ("PIN_ERR_NOT_FOUND", "3")
    assert "errno=<PIN_ERR_NOT_FOUND:3>" in fault.value.text
    assert fault.value.code == "Client"


@pytest.mark.parametrize(
    ("flist", "errno", "field"),
    [
        ("<PROGRAM_NAME>t</PROGRAM_NAME>", "PIN_ERR_MISSING_ARG", "PIN_FLD_POID"),
        ("<POID>0.0.0.1 /account 1 0</POID><PROGRAM_NAME/><HUE/>", "PIN_ERR_BAD_FIELD_NAME", "PIN_FLD_HUE"),
        ("<POID>account 1</POID><PROGRAM_NAME/>", "PIN_ERR_BAD_TYPE", "PIN_FLD_POID"),
        (
            "<POID>0.0.0.1 /account 1 0</POID><PROGRAM_NAME/><END_T>2026-02-30T00:00:00Z</END_T>",
            "PIN_ERR_BAD_VALUE",
            "PIN_FLD_END_T",
        ),
    ],
)
def test_even_a_call_the_schema_does_not_allow_is_refused_in_brms_way(
    simulator: Simulator, flist: str, errno: str, field: str
) -> None:
    name = "PCM_OP_SUBSCRIPTION_PURCHASE_DEAL"
    status, fault = simulator.post(
        "/services/BRMSubscriptionServices_v2",
        f"<pcmOpSubscriptionPurchaseDeal><{name}_inputFlist>{flist}</{name}_inputFlist></pcmOpSubscriptionPurchaseDeal>",
    )
    assert status == 500
    assert fault.findtext(f".//{B}errno") == errno
    assert fault.findtext(f".//{B}field") == field


@pytest.mark.parametrize(
    ("body", "errno"),
    [
        ("<pcmOpMakeTea/>", "PIN_ERR_BAD_OPCODE"),
        ("<pcmOpSubscriptionPurchaseDeal/>", "PIN_ERR_BAD_ARG"),
        ("<pcmOpSubscriptionPurchaseDeal><flags>many</flags></pcmOpSubscriptionPurchaseDeal>", "PIN_ERR_BAD_ARG"),
        ("<unclosed>", "PIN_ERR_BAD_ARG"),
    ],
)
def test_what_is_no_call_at_all_is_an_error_buffer_too(simulator: Simulator, body: str, errno: str) -> None:
    _, fault = simulator.post("/services/BRMSubscriptionServices_v2", body)
    assert fault.findtext(f".//{B}errno") == errno


def test_fields_out_of_order_are_accepted(simulator: Simulator) -> None:
    _, answer = simulator.post(
        "/services/BRMBaseServices_v2",
        """<pcmOpSearch><PCM_OP_SEARCH_inputFlist>
        <RESULTS elem="0"><POID/></RESULTS><ARGS elem="1"><ACCOUNT_NO>none</ACCOUNT_NO></ARGS>
        <TEMPLATE>select X from /account where F1 = V1</TEMPLATE><FLAGS>0</FLAGS>
        <POID>0.0.0.1 /search -1 0</POID></PCM_OP_SEARCH_inputFlist><flags>0</flags></pcmOpSearch>""",
    )
    assert answer.findtext(f".//{B}POID") == "0.0.0.1 /search -1 0"


def test_the_transaction_header_is_checked_against_the_contract(simulator: Simulator) -> None:
    _, fault = simulator.post(
        "/services/BRMBaseServices_v2",
        "<pcmOpTestLoopback><PCM_OP_TEST_LOOPBACK_inputFlist/></pcmOpTestLoopback>",
        header="<TransactionContext><COLOUR/></TransactionContext>",
    )
    assert fault.findtext(f".//{B}errno") == "PIN_ERR_BAD_ARG"


def test_zeep_generates_a_typed_client_from_the_published_url_and_catches_the_typed_fault(remote: Simulator) -> None:
    client: Any = zeep.Client(f"{remote.address}/services/BRMTXNServices_v2?wsdl")  # type: ignore[no-untyped-call] # zeep is untyped
    opened = client.service.pcmOpTransOpen(65536, {"POID": "0.0.0.1 /poid -1 0"})
    assert opened.TRANS_ID
    with pytest.raises(zeep.exceptions.Fault) as fault:
        client.service.pcmOpTransCommit(
            0,
            {"POID": "0.0.0.1 /poid -1 0", "TRANS_ID": "1,0a,0b"},
            _soapheaders=[transaction_header("1,0a,0b")],
        )
    buffer = client.get_element(f"{B}ErrorBuffer").parse(fault.value.detail[0], client.wsdl.types)
    assert (buffer.errno._value_1, buffer.errno.number) == ("PIN_ERR_TRANS_LOST", 45)
