"""CUST_UPDATE_CUSTOMER and CUST_UPDATE_SERVICES: what they change, what they leave, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brm_sim.errors import Errno, ErrorClass
from brm_sim.flist import Array, Flist, Poid
from brm_sim.store import Store
from tests.brm_sim.brm import NOW, Brm, Customer, array, failures, poid, refused, service, substruct, type_only


@pytest.fixture
def brm(database_url: str) -> Iterator[Brm]:
    store = Store(database_url)
    yield Brm(store)
    store.close()


def update(made: Customer, *, trans_id: str | None = None, **fields: Array | str | Poid) -> Flist:
    flist: Flist = {"POID": made.account, "ACCOUNT_OBJ": made.account, "PROGRAM_NAME": "a clerk", **fields}
    return made.brm.call("CUST_UPDATE_CUSTOMER", flist, trans_id=trans_id)


def acctinfo(made: Customer, **fields: str | int) -> Array:
    return Array({0: {"POID": made.account, **fields}})


def update_services(made: Customer, *services: Flist, trans_id: str | None = None) -> Flist:
    flist: Flist = {"POID": made.account, "PROGRAM_NAME": "a clerk", "SERVICES": Array(enumerate(services))}
    return made.brm.call("CUST_UPDATE_SERVICES", flist, trans_id=trans_id)


def added(made: Customer, login: str, **more: str | Poid | Array) -> Poid:
    return poid(array(made.modify(service(login, None, **more)), "SERVICES")[0], "SERVICE_OBJ")


def events(made: Customer) -> list[str]:
    found = made.brm.find("/event/customer", ACCOUNT_OBJ=made.account)
    assert {event["PROGRAM_NAME"] for event in found} <= {"a clerk"}
    return [poid(event, "POID").type.rpartition("/")[2] for event in found]


def name(made: Customer, element: int = 1) -> Flist:
    return array(made.brm.read(made.account), "NAMEINFO")[element]


# ── UPDATE_CUSTOMER ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_fields_of_a_name_are_laid_over_those_there_are(brm: Brm) -> None:
    made = brm.customer()
    output = update(made, NAMEINFO=Array({1: {"CITY": "York", "PHONES": Array({0: {"TYPE": 1, "PHONE": "01904 1"}})}}))
    assert (output["RESULT"], poid(output, "POID")) == (1, made.account.at(1))
    assert [name(made)[field] for field in ("CITY", "LAST_NAME", "ADDRESS")] == ["York", "Jones", "1 Mill Lane"]
    assert name(made)["PHONES"] == Array({0: {"TYPE": 1, "PHONE": "01904 1"}})
    assert events(made) == ["nameinfo"]


def test_a_telephone_number_without_a_number_is_removed_and_the_others_stay(brm: Brm) -> None:
    made = brm.customer()
    both = Array({0: {"TYPE": 1, "PHONE": "1"}, 1: {"TYPE": 5, "PHONE": "2"}})
    update(made, NAMEINFO=Array({1: {"PHONES": both}}))
    update(made, NAMEINFO=Array({1: {"PHONES": Array({0: {"PHONE": None}})}}))
    assert name(made)["PHONES"] == Array({1: {"TYPE": 5, "PHONE": "2"}})


def test_a_second_name_is_added_whole_and_removed_by_an_empty_element(brm: Brm) -> None:
    made = brm.customer()
    mailing: Flist = {"LAST_NAME": "Jones", "ADDRESS": "PO Box 1", "CITY": "Leeds", "COUNTRY": "GB"}
    assert failures(update(made, NAMEINFO=Array({2: {"CITY": "York"}}))) == [
        ("PIN_FLD_LAST_NAME", 2, 1),
        ("PIN_FLD_ADDRESS", 2, 1),
        ("PIN_FLD_COUNTRY", 2, 1),
    ]
    update(made, NAMEINFO=Array({2: mailing}))
    assert name(made, 2) == mailing
    update(made, NAMEINFO=Array({2: {}}))
    assert list(array(brm.read(made.account), "NAMEINFO")) == [1]


def test_an_account_keeps_a_name(brm: Brm) -> None:
    made = brm.customer()
    assert failures(update(made, NAMEINFO=Array({1: {}}))) == [("PIN_FLD_NAMEINFO", 1, 1)]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"LAST_NAME": None}, ("PIN_FLD_LAST_NAME", 1, 1)),
        ({"CITY": ""}, ("PIN_FLD_CITY", 1, 1)),
        ({"EMAIL_ADDR": "nobody"}, ("PIN_FLD_EMAIL_ADDR", 1, 12)),
    ],
)
def test_what_a_name_needs_cannot_be_taken_away(brm: Brm, wrong: Flist, expected: tuple[object, ...]) -> None:
    made = brm.customer()
    assert failures(update(made, NAMEINFO=Array({1: wrong}))) == [expected]
    assert (brm.read(made.account)["POID"], events(made)) == (made.account, [])


def test_the_accounts_own_fields_change(brm: Brm) -> None:
    made = brm.customer()
    update(made, ACCTINFO=acctinfo(made, ACCOUNT_NO="ACC-9", BUSINESS_TYPE=2), LOCALES=Array({0: {"LOCALE": "cy_GB"}}))
    account = brm.read(made.account)
    assert (account["ACCOUNT_NO"], account["BUSINESS_TYPE"], account["LOCALE"]) == ("ACC-9", 2, "cy_GB")
    assert events(made) == ["acctinfo", "locale"]
    assert brm.customer("ACC-1").account != made.account


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ACCOUNT_NO": "ACC-2"}, ("PIN_FLD_ACCOUNT_NO", 0, 5)),
        ({"ACCOUNT_NO": ""}, ("PIN_FLD_ACCOUNT_NO", 0, 1)),
        ({"ACCOUNT_NO": "x" * 256}, ("PIN_FLD_ACCOUNT_NO", 0, 3)),
        ({"CURRENCY": 978}, ("PIN_FLD_CURRENCY", 0, 6)),
    ],
)
def test_an_account_field_that_cannot_be_is_refused(
    brm: Brm, fields: dict[str, str | int], expected: tuple[object, ...]
) -> None:
    made = brm.customer()
    brm.customer("ACC-2")
    assert failures(update(made, ACCTINFO=acctinfo(made, **fields))) == [expected]


def test_a_locale_is_language_and_country(brm: Brm) -> None:
    made = brm.customer()
    assert failures(update(made, LOCALES=Array({3: {"LOCALE": "Welsh, please"}}))) == [("PIN_FLD_LOCALE", 3, 12)]


def test_a_billing_profile_is_changed_by_its_poid_and_created_by_its_class(brm: Brm) -> None:
    made = brm.customer()
    wanted = Array(
        {
            0: {"POID": made.billinfo, "BILLINFO_ID": "Renamed", "STATUS": 10102},
            1: {"POID": type_only("/billinfo"), "BILLINFO_ID": "BP", "PAY_TYPE": 10001},
        }
    )
    output = update(made, BILLINFO=wanted)
    changed, created = (brm.read(poid(array(output, "BILLINFO")[element], "POID")) for element in (0, 1))
    assert (changed["BILLINFO_ID"], changed["STATUS"], created["BILLINFO_ID"]) == ("Renamed", 10102, "BP")
    assert events(made) == ["billinfo"]
    assert failures(update(made, BILLINFO=Array({0: {"POID": made.billinfo, "STATUS": 1}}))) == [
        ("PIN_FLD_STATUS", 0, 6)
    ]


def test_what_says_nothing_new_changes_nothing(brm: Brm) -> None:
    made = brm.customer()
    before = name(made)
    output = update(made, NAMEINFO=Array({1: {**before, "STATE": None}}), ACCTINFO=acctinfo(made, ACCOUNT_NO="ACC-1"))
    assert (output["RESULT"], output["POID"], events(made)) == (1, made.account, [])
    assert name(made) == before


def test_two_names_for_one_account_must_agree(brm: Brm) -> None:
    made, other = brm.customer(), brm.customer("ACC-2")
    with refused(Errno.BAD_VALUE, "ACCOUNT_OBJ"):
        update(made, ACCOUNT_OBJ=other.account)
    with refused(Errno.BAD_VALUE, "ACCTINFO"):
        update(made, ACCTINFO=acctinfo(other, BUSINESS_TYPE=2))
    with refused(Errno.BAD_VALUE, "ACCTINFO"):
        update(made, ACCTINFO=Array({0: {"POID": made.account}, 1: {"POID": made.account}}))
    with refused(Errno.BAD_VALUE, "BILLINFO"):
        update(made, BILLINFO=Array({0: {"POID": other.billinfo}}))


def test_a_closed_account_is_not_updated(brm: Brm) -> None:
    made = brm.customer()
    with brm.store.session(now=NOW) as session:
        session.update(made.account, {"STATUS": 10103})
    with refused(Errno.ACCT_CLOSED):
        update(made, NAMEINFO=Array({1: {"CITY": "York"}}))
    with refused(Errno.ACCT_CLOSED):
        update_services(made, {"POID": Poid("0.0.0.1", "/service/tv", 1)})


def test_a_transaction_reads_its_own_update_and_an_abort_takes_it_back(brm: Brm) -> None:
    made = brm.customer()
    brm.store.open("t1")
    update(made, NAMEINFO=Array({1: {"CITY": "York"}}), ACCTINFO=acctinfo(made, ACCOUNT_NO="ACC-2"), trans_id="t1")
    read = brm.call("READ_OBJ", {"POID": made.account}, trans_id="t1")
    assert array(read, "NAMEINFO")[1]["CITY"] == "York"
    assert name(made)["CITY"] == "Leeds"
    brm.store.abort("t1")
    assert (name(made)["CITY"], events(made)) == ("Leeds", [])
    assert brm.customer("ACC-2").account != made.account


def test_of_two_transactions_that_update_one_account_the_second_is_to_try_again(brm: Brm) -> None:
    made = brm.customer()
    for trans_id, city in (("t1", "Hull"), ("t2", "Bath")):
        brm.store.open(trans_id)
        update(made, NAMEINFO=Array({1: {"CITY": city}}), trans_id=trans_id)
    brm.store.commit("t1")
    with refused(Errno.STORAGE) as refusal:
        brm.store.commit("t2")
    assert refusal.value.class_ is ErrorClass.SYSTEM_RETRYABLE
    assert name(made)["CITY"] == "Hull"


# ── UPDATE_SERVICES ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_service_gets_another_login_aliases_and_number(brm: Brm) -> None:
    made = brm.customer()
    old = Array({0: {"NAME": "447700900123"}, 1: {"NAME": "second"}})
    gsm = added(made, "447700900123", ALIAS_LIST=old)
    output = update_services(
        made,
        {
            "POID": gsm,
            "LOGIN": "447700900999",
            "SERVICE_ID": "447700900999",
            "ALIAS_LIST": Array({0: {"NAME": "447700900999"}}),
            "INHERITED_INFO": {"TELCO_INFO": {"PRIMARY_NUMBER": "447700900999"}},
        },
    )
    changed = poid(array(output, "SERVICES")[0], "POID")
    stored = brm.read(gsm)
    assert (output["RESULT"], changed, stored["POID"]) == (1, gsm.at(1), gsm.at(1))
    assert [stored[field] for field in ("LOGIN", "SERVICE_ID")] == ["447700900999"] * 2
    assert stored["ALIAS_LIST"] == Array({0: {"NAME": "447700900999"}})
    assert substruct(stored, "TELCO_INFO")["PRIMARY_NUMBER"] == "447700900999"
    assert events(made) == ["login", "service"]
    assert made.modify(service("447700900123"))["RESULT"] == 1


def test_an_alias_without_a_name_empties_the_list(brm: Brm) -> None:
    made = brm.customer()
    gsm = added(made, "1", ALIAS_LIST=Array({0: {"NAME": "a"}, 1: {"NAME": "b"}}))
    update_services(made, {"POID": gsm, "ALIAS_LIST": Array({0: {"NAME": None}})})
    assert brm.read(gsm)["ALIAS_LIST"] == Array()


def test_services_exchange_their_logins_in_one_call(brm: Brm) -> None:
    made = brm.customer()
    one, two = added(made, "1"), added(made, "2")
    update_services(made, {"POID": one, "LOGIN": "2"}, {"POID": two, "LOGIN": "1"})
    assert (brm.read(one)["LOGIN"], brm.read(two)["LOGIN"]) == ("2", "1")
    assert failures(made.modify(service("1"), service("2"))) == [("PIN_FLD_LOGIN", 0, 5), ("PIN_FLD_LOGIN", 1, 5)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"LOGIN": "2"}, ("PIN_FLD_LOGIN", 0, 5)),
        ({"LOGIN": ""}, ("PIN_FLD_LOGIN", 0, 1)),
        ({"LOGIN": "x" * 256}, ("PIN_FLD_LOGIN", 0, 3)),
        ({"STATUS": 7}, ("PIN_FLD_STATUS", 0, 6)),
    ],
)
def test_a_service_field_that_cannot_be_is_refused_and_nothing_is_changed(
    brm: Brm, fields: Flist, expected: tuple[object, ...]
) -> None:
    made = brm.customer()
    one, two, three = (added(made, login) for login in ("1", "2", "3"))
    output = update_services(made, {"POID": one, **fields}, {"POID": three, "LOGIN": "4"})
    assert failures(output) == [expected]
    assert [brm.read(each)["LOGIN"] for each in (one, two, three)] == ["1", "2", "3"]
    assert events(made) == []


def test_one_login_for_two_services_is_a_duplicate_twice(brm: Brm) -> None:
    made = brm.customer()
    one, two = added(made, "1"), added(made, "2")
    output = update_services(made, {"POID": one, "LOGIN": "3"}, {"POID": two, "LOGIN": "3"})
    assert failures(output) == [("PIN_FLD_LOGIN", 0, 5), ("PIN_FLD_LOGIN", 1, 5)]


def test_a_service_is_suspended_resumed_and_closed_and_opened_again(brm: Brm) -> None:
    made = brm.customer()
    gsm = added(made, "1")
    seen = []
    for status, flags in ((10102, 4), (10100, 4), (10103, 4)):
        update_services(made, {"POID": gsm, "STATUS": status, "STATUS_FLAGS": flags})
        seen.append((brm.read(gsm)["STATUS"], brm.read(gsm)["STATUS_FLAGS"]))
    assert seen == [(10102, 4), (10100, 0), (10103, 4)]
    with refused(Errno.BAD_VALUE, "POID"):
        update_services(made, {"POID": gsm, "LOGIN": "2"})
    update_services(made, {"POID": gsm, "STATUS": 10100, "LOGIN": "2"})
    assert (brm.read(gsm)["STATUS"], brm.read(gsm)["LOGIN"]) == (10100, "2")
    assert events(made) == ["status"] * 3 + ["login", "status"]


def test_a_password_leaves_an_event_and_nothing_else(brm: Brm) -> None:
    made = brm.customer()
    gsm = added(made, "1")
    before = brm.read(gsm)
    update_services(made, {"POID": gsm, "PASSWD_CLEAR": "secret", "LOGIN": "1"})
    assert (brm.read(gsm), events(made)) == (before, ["password"])


def test_services_are_the_accounts_own_and_named_once(brm: Brm) -> None:
    made, other = brm.customer(), brm.customer("ACC-2")
    mine, foreign = added(made, "1"), added(other, "2")
    with refused(Errno.BAD_VALUE, "POID"):
        update_services(made, {"POID": foreign, "LOGIN": "3"})
    with refused(Errno.BAD_VALUE, "POID"):
        update_services(made, {"POID": mine}, {"POID": mine})
    with refused(Errno.BAD_VALUE, "SUBSCRIPTION_OBJ"):
        update_services(made, {"POID": mine, "SUBSCRIPTION_OBJ": foreign})
    with refused(Errno.BAD_POID_TYPE, "POID"):
        update_services(made, {"POID": made.billinfo})
    with refused(Errno.NOT_FOUND, "POID"):
        update_services(made, {"POID": Poid("0.0.0.1", mine.type, 99)})


def test_a_login_moved_in_an_aborted_transaction_stays_where_it_was(brm: Brm) -> None:
    made = brm.customer()
    gsm = added(made, "1")
    brm.store.open("t1")
    update_services(made, {"POID": gsm, "LOGIN": "2"}, trans_id="t1")
    assert brm.call("READ_OBJ", {"POID": gsm}, trans_id="t1")["LOGIN"] == "2"
    brm.store.abort("t1")
    assert failures(made.modify(service("1"), service("2"))) == [("PIN_FLD_LOGIN", 0, 5)]
