import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import urllib3

from brm_sim.flist import Flist, Poid
from brm_sim.flist_json import from_json
from brm_sim.server import build
from soapkit.faults import NoAnswer, RemoteFault
from tests.brm_sim.conftest import settings
from tests.brm_sim.simulator import Simulator, buffer_of

LOOPBACK = "PCM_OP_TEST_LOOPBACK"
FLIST: Flist = {"POID": Poid("0.0.0.1", "/account", 1)}
SEED: list[dict[str, Any]] = [
    {
        "opcode": "PCM_OP_CUST_COMMIT_CUSTOMER",
        "flist": {
            "POID": "0.0.0.1 /plan -1 0",
            "ACCTINFO": {"0": {"POID": "0.0.0.1 /account -1 0", "ACCOUNT_NO": "A-1", "CURRENCY": 826}},
            "NAMEINFO": {"1": {"LAST_NAME": "Jones", "ADDRESS": "1 High St", "CITY": "York", "COUNTRY": "UK"}},
            "BILLINFO": {
                "0": {
                    "POID": "0.0.0.1 /billinfo -1 0",
                    "BILLINFO_ID": "B-1",
                    "PAY_TYPE": 10003,
                    "PAYINFO": {"0": {}},
                }
            },
            "PAYINFO": {
                "0": {
                    "POID": "0.0.0.1 /payinfo/cc -1 0",
                    "PAY_TYPE": 10003,
                    "INHERITED_INFO": {"CC_INFO": {"0": {"DEBIT_NUM": "4111111111111111", "SECURITY_ID": "123"}}},
                }
            },
        },
    }
]


def loop(simulator: Simulator, **how: float) -> Flist:
    return simulator.call(LOOPBACK, FLIST, read_timeout=how.get("read_timeout", 30))


def fault(simulator: Simulator, **spec: object) -> int:
    return int(simulator.did("POST", "/faults", {"operation": LOOPBACK, **spec})["id"])


@pytest.mark.parametrize("token", [None, "wrong"])
@pytest.mark.parametrize("path", ["/journal", "/clock", "/nowhere"])
def test_without_its_token_the_control_api_answers_nothing(simulator: Simulator, token: str | None, path: str) -> None:
    assert simulator.control("GET", path, token=token)[0] == 401


def test_what_is_not_there_and_what_is_wrong_is_told_in_json(simulator: Simulator) -> None:
    assert simulator.control("GET", "/nowhere")[0] == 404
    assert simulator.control("PUT", "/journal")[0] == 405
    status, told = simulator.control("PUT", "/clock", {"advance": 1, "real": True})
    assert (status, "one of set" in told["error"]) == (400, True)


def test_opcodes_known_and_simulated_are_listed(simulator: Simulator) -> None:
    opcodes = simulator.did("GET", "/opcodes")
    assert opcodes[LOOPBACK] is True
    assert opcodes["PCM_OP_TRANS_PREPARE"] is True
    assert opcodes["PCM_OP_PYMT_COLLECT"] is False


def test_a_seed_calls_opcodes_and_a_reset_forgets_them(simulator: Simulator) -> None:
    (made,) = simulator.did("POST", "/seed", SEED)
    account = Poid.parse(made["ACCOUNT_OBJ"])
    assert simulator.call("PCM_OP_READ_OBJ", {"POID": account})["ACCOUNT_NO"] == "A-1"
    simulator.did("POST", "/reset")
    with pytest.raises(RemoteFault):
        simulator.call("PCM_OP_READ_OBJ", {"POID": account})


@pytest.mark.parametrize(
    "seed",
    [
        {"opcode": LOOPBACK},
        [{"opcode": LOOPBACK}],
        [{"opcode": "PCM_OP_MAKE_TEA", "flist": {}}],
        [{"opcode": LOOPBACK, "flist": {"HUE": 1}}],
        [{"opcode": "PCM_OP_READ_OBJ", "flist": {}}],
        [{"opcode": LOOPBACK, "flist": {"LOGIN": "\u0000"}}],
    ],
)
def test_a_wrong_seed_is_refused(simulator: Simulator, seed: object) -> None:
    status, told = simulator.control("POST", "/seed", seed)
    assert (status, bool(told["error"])) == (400, True)


def test_a_snapshot_brings_back_state_and_clock(simulator: Simulator) -> None:
    (made,) = simulator.did("POST", "/seed", SEED)
    simulator.did("PUT", "/clock", {"set": "2030-01-01T00:00:00Z", "frozen": True})
    simulator.did("POST", "/snapshot/seeded")
    simulator.did("POST", "/reset")
    assert simulator.did("GET", "/snapshots") == ["seeded"]
    simulator.did("POST", "/restore/seeded")
    assert simulator.call("PCM_OP_READ_OBJ", {"POID": Poid.parse(made["ACCOUNT_OBJ"])})["ACCOUNT_NO"] == "A-1"
    assert simulator.did("GET", "/clock")["now"] == "2030-01-01T00:00:00+00:00"


def test_a_snapshot_that_is_not_there_or_badly_named_is_refused(simulator: Simulator) -> None:
    assert simulator.control("POST", "/restore/never")[0] == 404
    assert simulator.control("POST", "/snapshot/a%20b")[0] == 400


def test_the_clock_dates_what_is_made(simulator: Simulator) -> None:
    simulator.did("PUT", "/clock", {"set": "2030-01-01T00:00:00Z", "frozen": True})
    simulator.did("PUT", "/clock", {"advance": 3600})
    (made,) = simulator.did("POST", "/seed", SEED)
    read = simulator.call("PCM_OP_READ_FLDS", {"POID": Poid.parse(made["ACCOUNT_OBJ"]), "CREATED_T": None})
    assert read["CREATED_T"] == datetime(2030, 1, 1, 1, tzinfo=UTC)


def test_the_clock_runs_on_from_where_it_is_set_and_returns_to_real_time(simulator: Simulator) -> None:
    simulator.did("PUT", "/clock", {"set": "2030-01-01T00:00:00Z"})
    assert simulator.did("GET", "/clock")["now"].startswith("2030-01-01T00:0")
    assert simulator.did("PUT", "/clock", {"real": True})["offset"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"advance": 1e12},
        {"advance": -1e12},
        {"advance": 1e300},
        {"advance": float("nan")},
        {"set": "9999-12-31T00:00:00Z"},
        {"set": "0001-01-01T00:00:00Z", "frozen": True},
    ],
)
def test_the_clock_stays_within_the_calendar(simulator: Simulator, change: dict[str, Any]) -> None:
    before = simulator.did("GET", "/clock")["offset"]
    assert simulator.control("PUT", "/clock", change)[0] == 400
    assert simulator.did("GET", "/clock")["offset"] == before
    assert loop(simulator) == FLIST


def test_changes_of_the_clock_at_once_all_count(remote: Simulator) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: remote.did("PUT", "/clock", {"advance": 3600}), range(8)))
    assert remote.did("GET", "/clock")["offset"] == 8 * 3600


def test_a_restored_state_has_todays_price_list(database_url: str, tmp_path: Path) -> None:
    tariff: Flist = {"POID": Poid("0.0.0.1", "/product", 10001), "CYCLE_FEE_AMT": None}
    prices = files("brm_sim").joinpath("price_list.toml").read_text(encoding="utf-8")
    changed = tmp_path / "prices.toml"
    changed.write_text(prices.replace('"35.00"', '"36.00"'), encoding="utf-8")
    with closing(build(settings(database_url))) as app:
        Simulator("http://one.test", app).did("POST", "/snapshot/old")
    with closing(build(settings(database_url, catalog=changed))) as app:
        later = Simulator("http://two.test", app)
        later.did("POST", "/restore/old")
        assert later.call("PCM_OP_READ_FLDS", tariff)["CYCLE_FEE_AMT"] == Decimal("36.00")


def test_a_transaction_with_an_overlong_name_is_lost_and_in_the_journal(simulator: Simulator) -> None:
    with pytest.raises(RemoteFault) as lost:
        simulator.call(LOOPBACK, FLIST, trans_id="x" * 400)
    assert buffer_of(lost.value)["errno"] == "PIN_ERR_TRANS_LOST"
    (entry,) = simulator.did("GET", "/journal")
    assert entry["transaction"] == "x" * 300


def test_the_journal_tells_calls_answers_and_refusals_without_secrets(simulator: Simulator) -> None:
    loop(simulator)
    with pytest.raises(RemoteFault):
        simulator.call("PCM_OP_READ_OBJ", {"POID": Poid("0.0.0.1", "/account", 999)}, trans_id="1,0a,0b")
    simulator.call("PCM_OP_CUST_COMMIT_CUSTOMER", _customer())
    answered, refused, committed = simulator.did("GET", "/journal")
    assert (answered["operation"], answered["outcome"]) == (LOOPBACK, "answered")
    assert answered["request"] == answered["response"] == {"POID": "0.0.0.1 /account 1 0"}
    assert (refused["transaction"], refused["outcome"]) == ("1,0a,0b", "refused")
    assert refused["response"]["errno"] == "PIN_ERR_TRANS_LOST"
    card = committed["request"]["PAYINFO"]["0"]["INHERITED_INFO"]["CC_INFO"]["0"]
    assert card == {"DEBIT_NUM": "***", "SECURITY_ID": "***"}


def _customer() -> Flist:
    return from_json(SEED[0]["flist"])


def test_the_journal_is_filtered_paged_and_emptied(simulator: Simulator) -> None:
    loop(simulator)
    loop(simulator)
    handle: Flist = {"POID": Poid("0.0.0.1", "/poid", -1)}
    simulator.call("PCM_OP_TRANS_OPEN", {**handle, "TRANS_ID": "1,0a,0b"}, flags=65536)
    assert len(simulator.did("GET", f"/journal?operation={LOOPBACK}")) == 2
    (opened,) = simulator.did("GET", "/journal?transaction=1,0a,0b")
    assert opened["operation"] == "PCM_OP_TRANS_OPEN"
    assert simulator.did("GET", f"/journal?after={opened['id']}") == []
    assert [entry["id"] for entry in simulator.did("GET", "/journal?limit=1")] == [opened["id"]]
    assert simulator.did("DELETE", "/journal") == {"removed": 3}


def test_a_call_refused_by_its_form_is_in_the_journal(simulator: Simulator) -> None:
    simulator.post("/services/BRMBaseServices_v2", "<pcmOpSearch><PCM_OP_SEARCH_inputFlist/></pcmOpSearch>")
    (entry,) = simulator.did("GET", "/journal")
    assert (entry["operation"], entry["response"]["errno"]) == ("PCM_OP_SEARCH", "PIN_ERR_MISSING_ARG")


def test_a_call_refused_by_the_schema_is_in_the_journal(simulator: Simulator) -> None:
    flist = "<PCM_OP_READ_OBJ_inputFlist><POID>account 1</POID></PCM_OP_READ_OBJ_inputFlist>"
    header = "<TransactionContext><TRANS_ID>1,0a,0b</TRANS_ID></TransactionContext>"
    simulator.post("/services/BRMBaseServices_v2", f"<pcmOpReadObj>{flist}</pcmOpReadObj>", header)
    (entry,) = simulator.did("GET", "/journal")
    assert (entry["operation"], entry["transaction"]) == ("PCM_OP_READ_OBJ", "1,0a,0b")
    assert (entry["response"]["errno"], entry["response"]["field"]) == ("PIN_ERR_BAD_TYPE", "PIN_FLD_POID")


def test_an_error_fault_strikes_the_nth_call_count_times(simulator: Simulator) -> None:
    error = {"errno": "PIN_ERR_STORAGE", "class": "PIN_ERRCLASS_SYSTEM_RETRYABLE", "field": "PIN_FLD_POID"}
    fault(simulator, action="error", nth=2, count=1, error=error)
    loop(simulator)
    with pytest.raises(RemoteFault) as struck:
        loop(simulator)
    loop(simulator)
    buffer = buffer_of(struck.value)
    assert (buffer["errno"], buffer["class"]) == ("PIN_ERR_STORAGE", "PIN_ERRCLASS_SYSTEM_RETRYABLE")
    assert (struck.value.code, buffer["field"]) == ("Server", "PIN_FLD_POID")
    (state,) = simulator.did("GET", "/faults")
    assert (state["calls"], state["struck"]) == (3, 1)


def test_chance_is_the_same_for_the_same_seed(simulator: Simulator) -> None:
    def luck() -> list[bool]:
        number = fault(simulator, action="error", probability=0.5, seed=7, count=None, error={"errno": 3})
        struck = [_refused(simulator) for _ in range(12)]
        simulator.did("DELETE", f"/faults/{number}")
        return struck

    first = luck()
    assert luck() == first
    assert set(first) == {True, False}


def _refused(simulator: Simulator) -> bool:
    try:
        loop(simulator)
    except RemoteFault:
        return True
    return False


@pytest.mark.parametrize(
    "spec",
    [
        {"action": "explode"},
        {"action": "delay"},
        {"action": "drop", "seconds": 1},
        {"action": "error"},
        {"action": "error", "error": {"errno": "PIN_ERR_TIRED"}},
        {"action": "error", "error": {"errno": 3, "colour": "red"}},
        {"action": "drop", "nth": 0},
        {"action": "drop", "when": "now"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(simulator: Simulator, spec: dict[str, object]) -> None:
    assert simulator.control("POST", "/faults", spec)[0] == 400


def test_a_fault_for_any_operation_strikes_any(simulator: Simulator) -> None:
    simulator.did("POST", "/faults", {"action": "error", "error": {"errno": 3}})
    assert _refused(simulator)


def test_a_reply_dropped_after_the_effect_leaves_the_effect(remote: Simulator) -> None:
    remote.did("POST", "/faults", {"operation": "PCM_OP_TRANS_OPEN", "action": "drop", "at": "after"})
    handle: Flist = {"POID": Poid("0.0.0.1", "/poid", -1), "TRANS_ID": "1,0a,0b"}
    with pytest.raises(NoAnswer):
        remote.call("PCM_OP_TRANS_OPEN", handle, flags=65536)
    with pytest.raises(RemoteFault) as again:
        remote.call("PCM_OP_TRANS_OPEN", handle, flags=65536)
    assert buffer_of(again.value)["errno"] == "PIN_ERR_TRANS_ALREADY_OPEN"
    dropped, refused = remote.did("GET", "/journal")
    assert (dropped["outcome"], refused["outcome"]) == ("dropped", "refused")


def test_a_reply_dropped_before_the_effect_leaves_none(remote: Simulator) -> None:
    remote.did("POST", "/faults", {"operation": "PCM_OP_TRANS_OPEN", "action": "drop"})
    handle: Flist = {"POID": Poid("0.0.0.1", "/poid", -1), "TRANS_ID": "1,0a,0b"}
    with pytest.raises(NoAnswer):
        remote.call("PCM_OP_TRANS_OPEN", handle, flags=65536)
    assert remote.call("PCM_OP_TRANS_OPEN", handle, flags=65536)["TRANS_ID"] == "1,0a,0b"


def test_any_client_sees_a_dropped_connection(remote: Simulator) -> None:
    fault(remote, action="drop")
    body = f"<pcmOpTestLoopback><{LOOPBACK}_inputFlist/></pcmOpTestLoopback>"
    with pytest.raises((urllib3.exceptions.ProtocolError, urllib3.exceptions.IncompleteRead)):
        remote.post("/services/BRMBaseServices_v2", body)


def test_a_delayed_answer_comes_too_late_for_an_impatient_client(remote: Simulator) -> None:
    fault(remote, action="delay", seconds=1.0)
    with pytest.raises(NoAnswer):
        loop(remote, read_timeout=0.2)


def test_a_blocked_call_shows_at_its_barrier_and_goes_on_when_released(remote: Simulator) -> None:
    fault(remote, action="block", at="after")
    answers: list[Flist] = []
    caller = threading.Thread(target=lambda: answers.append(loop(remote)))
    caller.start()
    (barrier,) = _reached(remote)
    assert (barrier["operation"], barrier["stage"], answers) == (LOOPBACK, "after", [])
    remote.did("POST", f"/barriers/{barrier['id']}/release")
    caller.join(10)
    assert answers == [FLIST]


def _reached(simulator: Simulator) -> list[dict[str, Any]]:
    waiting = threading.Event()
    for _ in range(500):
        if barriers := [each for each in simulator.did("GET", "/barriers") if not each["released"]]:
            return list(barriers)
        waiting.wait(0.02)
    raise AssertionError("nothing reached the barrier")


def test_another_process_on_the_same_database_obeys_the_same_control(simulator: Simulator, database_url: str) -> None:
    with closing(build(settings(database_url))) as app:
        _two_that_agree(simulator, Simulator("http://other.test", app))


def _two_that_agree(simulator: Simulator, other: Simulator) -> None:
    loop(other)
    fault(simulator, action="error", error={"errno": 3})
    simulator.did("PUT", "/clock", {"set": "2030-01-01T00:00:00Z", "frozen": True})
    assert _refused(other)
    assert not _refused(simulator)
    assert other.did("GET", "/clock")["now"] == "2030-01-01T00:00:00+00:00"
    assert [entry["outcome"] for entry in simulator.did("GET", "/journal")] == ["answered", "refused", "answered"]
