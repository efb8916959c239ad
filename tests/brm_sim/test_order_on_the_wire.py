from datetime import UTC, datetime, timedelta
from decimal import Decimal

from brm_sim.flist import Array, Flist, Poid
from brm_sim.flist_json import to_json
from tests.brm_sim.simulator import Simulator
from tests.brm_sim.test_wire import ACCOUNT, HANDLE

TRANS_ID = "20104,0a0b,0c"
NOTHING = Decimal(0)
FUTURE = datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)
TARIFF: Flist = {
    "PRODUCT_OBJ": Poid("0.0.0.1", "/product", 10001),
    "O2C_FLD_COMMON_ID": "line-0002",
    "QUANTITY": Decimal(1),
    "STATUS": 1,
    "PURCHASE_START_T": FUTURE,
    "CYCLE_START_T": FUTURE,
    "USAGE_START_T": FUTURE,
    "CYCLE_FEE_AMT": Decimal("30.00"),
    "CYCLE_DISCOUNT": NOTHING,
    "USAGE_DISCOUNT": NOTHING,
}


def service(account: Poid, billinfo: Poid) -> Flist:
    return {
        "POID": account,
        "ACCOUNT_OBJ": account,
        "PROGRAM_NAME": "test",
        "BILLINFO": Array({0: {"POID": billinfo}}),
        "SERVICES": Array(
            {
                0: {
                    "SERVICE_OBJ": Poid("0.0.0.1", "/service/telco/gsm/telephony", -1),
                    "O2C_FLD_COMMON_ID": "line-0001",
                    "LOGIN": "447700900123",
                    "SERVICE_ID": "447700900123",
                    "DEALS": Array({0: {"DEAL_INFO": {"NAME": "order-0001", "PRODUCTS": Array({4: TARIFF})}}}),
                }
            }
        ),
    }


def search(simulator: Simulator, common_id: str, trans_id: str | None = None) -> list[Flist]:
    found = simulator.call(
        "PCM_OP_SEARCH",
        {
            "POID": Poid("0.0.0.1", "/search", -1),
            "FLAGS": 0,
            "TEMPLATE": "select X from /service where F1 = V1",
            "ARGS": Array({1: {"O2C_FLD_COMMON_ID": common_id}}),
            "RESULTS": Array({0: {"LOGIN": None}}),
        },
        trans_id=trans_id,
    )
    results = found.get("RESULTS", Array())
    assert isinstance(results, Array)
    return list(results.values())


def test_a_service_ordered_in_two_phases_is_seen_by_others_after_the_commit_only(simulator: Simulator) -> None:
    made = simulator.call("PCM_OP_CUST_COMMIT_CUSTOMER", ACCOUNT)
    account, billinfos = made["ACCOUNT_OBJ"], made["BILLINFO"]
    assert isinstance(account, Poid)
    assert isinstance(billinfos, Array)
    billinfo = billinfos[0]["POID"]
    assert isinstance(billinfo, Poid)
    simulator.call("PCM_OP_TRANS_OPEN", {**HANDLE, "TRANS_ID": TRANS_ID}, flags=65536)
    answer = simulator.call("PCM_OP_CUST_MODIFY_CUSTOMER", service(account, billinfo), trans_id=TRANS_ID)
    assert answer["RESULT"] == 1
    assert len(search(simulator, "line-0001", TRANS_ID)) == 1
    assert simulator.call("PCM_OP_TRANS_PREPARE", HANDLE, trans_id=TRANS_ID)["RESULT"] == 0
    assert search(simulator, "line-0001") == []
    assert simulator.call("PCM_OP_TRANS_COMMIT", HANDLE, trans_id=TRANS_ID)["RESULT"] == 0
    (found,) = search(simulator, "line-0001")
    assert found["LOGIN"] == "447700900123"
    offering = _offering(answer)
    fee = simulator.call("PCM_OP_READ_FLDS", {"POID": offering, "CYCLE_FEE_AMT": None})["CYCLE_FEE_AMT"]
    assert fee == Decimal("30.00")
    simulator.call("PCM_OP_TRANS_FORGET", HANDLE, trans_id=TRANS_ID)


def _offering(answer: Flist) -> Poid:
    (service,) = to_json(answer)["SERVICES"].values()
    return Poid.parse(service["DEALS"]["0"]["DEAL_INFO"]["PRODUCTS"]["4"]["OFFERING_OBJ"])
