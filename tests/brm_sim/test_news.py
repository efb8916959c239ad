"""Changes of customers and services are told when they are committed, and never otherwise."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from lxml import etree
from pydantic import SecretStr, ValidationError

from brm_sim.flist import Array, Flist, Poid
from brm_sim.publishing import Words
from brm_sim.server import build
from brm_sim.settings import Settings
from brm_sim.store import Store
from simkit.store.outbox import Message
from soapkit.run import running
from tests.brm_sim.brm import array, customer, poid, service
from tests.brm_sim.conftest import settings
from tests.brm_sim.simulator import TOKEN, Simulator
from tests.doubles.events import Hearing, hearing

WRITE = 65536
HANDLE: Flist = {"POID": Poid("0.0.0.1", "/poid", -1)}
NOBODY = "http://127.0.0.1:1"


@contextmanager
def simulating(url: str, **changes: object) -> Iterator[Simulator]:
    with ExitStack() as stack:

        def build_at(address: str) -> object:
            return stack.enter_context(closing(build(settings(url, public_url=address, **changes))))

        yield Simulator(stack.enter_context(running(build_at)))  # type: ignore[arg-type] # a BrmSim is an application


@pytest.fixture
def telling(database_url: str) -> Iterator[Simulator]:
    """Run a simulator that has somebody to tell, and does not do it: its outbox can be looked at."""
    address = "http://simulator.test"
    with closing(build(settings(database_url, public_url=address, send_to=NOBODY, send_threads=0))) as app:
        yield Simulator(address, app)


def account(simulator: Simulator, number: str = "ACC-1") -> Poid:
    return poid(simulator.call("PCM_OP_CUST_COMMIT_CUSTOMER", customer(number)), "ACCOUNT_OBJ")


def gsm(simulator: Simulator, owner: Poid, login: str) -> Poid:
    flist: Flist = {"POID": owner, "ACCOUNT_OBJ": owner, "PROGRAM_NAME": "shop", "SERVICES": Array({0: service(login)})}
    return poid(array(simulator.call("PCM_OP_CUST_MODIFY_CUSTOMER", flist), "SERVICES")[0], "SERVICE_OBJ")


def move(simulator: Simulator, owner: Poid, city: str, *, program: str = "clerk", trans_id: str | None = None) -> None:
    flist: Flist = {
        "POID": owner,
        "ACCOUNT_OBJ": owner,
        "PROGRAM_NAME": program,
        "NAMEINFO": Array({1: {"CITY": city}}),
    }
    simulator.call("PCM_OP_CUST_UPDATE_CUSTOMER", flist, trans_id=trans_id)


def rename(simulator: Simulator, owner: Poid, which: Poid, login: str, trans_id: str | None = None) -> None:
    changed: Flist = {"POID": which, "LOGIN": login}
    flist: Flist = {"POID": owner, "PROGRAM_NAME": "clerk", "SERVICES": Array({0: changed})}
    simulator.call("PCM_OP_CUST_UPDATE_SERVICES", flist, trans_id=trans_id)


def waiting(simulator: Simulator) -> list[tuple[str, str]]:
    """Give group and event id without its end, which is nobody's to foresee."""
    entries = simulator.did("GET", "/outbox")["entries"]
    return [(entry["group"], entry["message_id"].rpartition("-")[0]) for entry in entries]


def opened(simulator: Simulator, trans_id: str = "1,0a,0b") -> str:
    simulator.call("PCM_OP_TRANS_OPEN", {**HANDLE, "TRANS_ID": trans_id}, flags=WRITE)
    return trans_id


def group(owner: Poid) -> str:
    return f"{owner.db} {owner.type} {owner.id}"


def told_of(owner: Poid, which: Poid, revision: int) -> tuple[str, str]:
    return group(owner), f"{which.id}-{revision}"


def test_every_committed_change_is_told_whatever_opcode_made_it(telling: Simulator) -> None:
    owner = account(telling)
    which = gsm(telling, owner, "1")
    move(telling, owner, "York")
    rename(telling, owner, which, "2")
    seeded: Flist = {"POID": str(owner), "ACCOUNT_OBJ": str(owner), "PROGRAM_NAME": "seed"}
    flist = {**seeded, "NAMEINFO": {"1": {"CITY": "Hull"}}}
    telling.did("POST", "/seed", [{"opcode": "PCM_OP_CUST_UPDATE_CUSTOMER", "flist": flist}])
    assert waiting(telling) == [
        told_of(owner, owner, 0),
        told_of(owner, which, 0),
        told_of(owner, owner, 1),
        told_of(owner, which, 1),
        told_of(owner, owner, 2),
    ]


def test_what_changes_nothing_is_not_told(telling: Simulator) -> None:
    owner = account(telling)
    move(telling, owner, "Leeds")
    telling.call("PCM_OP_READ_OBJ", {"POID": owner})
    assert waiting(telling) == [told_of(owner, owner, 0)]


def test_a_transaction_tells_when_it_commits_and_not_before(telling: Simulator) -> None:
    owner = account(telling)
    trans_id = opened(telling)
    move(telling, owner, "York", trans_id=trans_id)
    move(telling, owner, "Hull", trans_id=trans_id)
    telling.call("PCM_OP_TRANS_PREPARE", HANDLE, trans_id=trans_id)
    assert waiting(telling) == [told_of(owner, owner, 0)]
    telling.call("PCM_OP_TRANS_COMMIT", HANDLE, trans_id=trans_id)
    telling.call("PCM_OP_TRANS_COMMIT", HANDLE, trans_id=trans_id)
    assert waiting(telling) == [told_of(owner, owner, 0), told_of(owner, owner, 2)]


def test_each_program_that_changes_an_object_is_told(telling: Simulator) -> None:
    owner = account(telling)
    trans_id = opened(telling)
    for city, program in (("York", "clerk"), ("Hull", "o2c-gateway"), ("Bath", "clerk")):
        move(telling, owner, city, program=program, trans_id=trans_id)
    telling.call("PCM_OP_TRANS_COMMIT", HANDLE, trans_id=trans_id)
    assert waiting(telling)[1:] == [told_of(owner, owner, 3)] * 2


@pytest.mark.parametrize("prepared", [False, True])
def test_a_transaction_that_is_rolled_back_tells_nothing(telling: Simulator, *, prepared: bool) -> None:
    owner = account(telling)
    trans_id = opened(telling)
    move(telling, owner, "York", trans_id=trans_id)
    if prepared:
        telling.call("PCM_OP_TRANS_PREPARE", HANDLE, trans_id=trans_id)
    telling.call("PCM_OP_TRANS_ABORT", HANDLE, trans_id=trans_id)
    move(telling, owner, "Hull")
    assert waiting(telling) == [told_of(owner, owner, 0), told_of(owner, owner, 1)]


def test_a_snapshot_taken_back_leaves_nothing_to_tell_but_what_it_had_prepared(telling: Simulator) -> None:
    owner = account(telling)
    trans_id = opened(telling)
    move(telling, owner, "York", trans_id=trans_id)
    telling.call("PCM_OP_TRANS_PREPARE", HANDLE, trans_id=trans_id)
    telling.did("POST", "/snapshot/prepared")
    telling.call("PCM_OP_TRANS_ABORT", HANDLE, trans_id=trans_id)
    telling.did("POST", "/restore/prepared")
    assert waiting(telling) == []
    telling.call("PCM_OP_TRANS_COMMIT", HANDLE, trans_id=trans_id)
    assert waiting(telling) == [told_of(owner, owner, 1)]
    telling.did("POST", "/reset")
    assert waiting(telling) == []


def test_without_an_address_there_is_no_outbox(simulator: Simulator, database_url: str) -> None:
    account(simulator)
    assert simulator.control("GET", "/outbox")[0] == 404
    with closing(Store(database_url, word=Words("BRM_01"))) as store:
        assert store.news.outbox is not None
        assert store.news.outbox.counts()["waiting"] == 0


def test_an_event_says_what_changed_who_changed_it_and_when(tmp_path: Path) -> None:
    with hearing() as (heard, address), simulating(database(tmp_path), send_to=address, system="BRM_02") as simulator:
        simulator.did("PUT", "/clock", {"set": "2027-01-02T03:04:05Z", "frozen": True})
        owner = account(simulator)
        which = gsm(simulator, owner, "1")
        events = heard.wait_for(2)
    ids = [event.pop("EventId") for event in events]
    shared = {"System": "BRM_02", "AccountPoid": group(owner), "OccurredAt": "2027-01-02T03:04:05Z"}
    assert events == [
        {"EventType": "CustomerUpdated", "ObjectPoid": str(owner), "ProgramName": "", **shared},
        {"EventType": "ServiceUpdated", "ObjectPoid": str(which), "ProgramName": "shop", **shared},
    ]
    assert len(set(ids)) == 2


def test_a_name_of_a_program_too_long_for_an_event_is_cut(database_url: str) -> None:
    told: list[str] = []

    def word(each: object) -> Message:
        message = Words("BRM_01")(each)  # type: ignore[arg-type] # what the store tells
        told.append(message.payload)
        return message

    with closing(Store(database_url, word=word)) as store, store.session(program="p" * 300) as session:
        session.create("/account", {"ACCOUNT_NO": "A-1"})
    assert etree.fromstring(told[0]).findtext(".//{*}ProgramName") == "p" * 255


def test_events_of_an_account_come_in_order_although_the_gateway_refuses_and_the_simulator_restarts(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    quick = {"send_to": address, "send_first_wait": 0.01, "send_most_wait": 0.05}
    with simulating(database(tmp_path), **quick) as simulator:
        owners = [account(simulator, f"ACC-{number}") for number in range(3)]
        for city in ("York", "Hull", "Bath"):
            for owner in owners:
                move(simulator, owner, city)
    with hearing(port) as (heard, _):
        heard.refusals = 5
        with simulating(database(tmp_path), **quick):
            events = heard.wait_for(12)
    assert heard.refused == 5
    for owner in owners:
        told = [event["ObjectPoid"] for event in events if event["AccountPoid"] == group(owner)]
        assert told == [str(owner.at(revision)) for revision in range(4)]


def test_what_was_refused_too_often_waits_for_an_operator(tmp_path: Path) -> None:
    with (
        hearing() as (heard, address),
        simulating(database(tmp_path), send_to=address, send_tries=1) as simulator,
    ):
        heard.refusals = 1
        owner = account(simulator)
        move(simulator, owner, "York")
        until_refused(heard)
        (parked,) = until_parked(simulator)
        assert (parked["group"], "busy" in parked["error"]) == (group(owner), True)
        assert heard.events == []
        simulator.did("POST", f"/outbox/{parked['number']}/retry")
        assert [event["ObjectPoid"] for event in heard.wait_for(2)] == [str(owner), str(owner.at(1))]


def until_refused(heard: Hearing) -> None:
    with heard.heard:
        assert heard.heard.wait_for(lambda: heard.refused == 1, 20)


def until_parked(simulator: Simulator) -> Sequence[dict[str, str]]:
    for _ in range(1000):
        if parked := simulator.did("GET", "/outbox?state=parked")["entries"]:
            return list(parked)
    raise AssertionError("nothing is parked")


def database(directory: Path) -> str:
    return f"sqlite:///{directory / 'brm.sqlite'}"


def test_the_address_is_read_under_two_names_and_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRM_SIM_PUBLISH_TO", "http://gateway.test")
    assert Settings(control_token=SecretStr(TOKEN)).send_to == "http://gateway.test"
    monkeypatch.setenv("BRM_SIM_PUBLISH_TO", "gateway")
    with pytest.raises(ValidationError):
        Settings()


def test_changes_are_told_in_the_order_of_commits(telling: Simulator) -> None:
    owner = account(telling)
    which = gsm(telling, owner, "1")
    one, two = opened(telling, "1,0a,0b"), opened(telling, "1,0c,0d")
    move(telling, owner, "York", trans_id=one)
    rename(telling, owner, which, "2", trans_id=two)
    telling.call("PCM_OP_TRANS_COMMIT", HANDLE, trans_id=two)
    telling.call("PCM_OP_TRANS_COMMIT", HANDLE, trans_id=one)
    assert waiting(telling)[2:] == [told_of(owner, which, 1), told_of(owner, owner, 1)]
