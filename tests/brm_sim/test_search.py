"""PCM_OP_SEARCH: the template grammar, on both databases, and what comes of templates that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from brm_sim.errors import Errno
from brm_sim.flist import ANY_ELEMENT, Array, Flist, Poid
from brm_sim.store import Store, finder, predicate
from tests.brm_sim.brm import GSM, NOW, Brm, array, poid, refused, type_only


@pytest.fixture
def brm(database_url: str) -> Iterator[Brm]:
    store = Store(database_url)
    yield Brm(store)
    store.close()


@pytest.fixture
def accounts(brm: Brm) -> list[Poid]:
    """Store three accounts with billing profiles and services."""
    people = (("A-1", "Jones", "Leeds", 10100), ("A-2", "Smith", "York", 10102), ("A-3", "Jonson", "York", 10103))
    made = []
    for number, name, city, status in people:
        with brm.store.session(now=NOW) as session:
            names = Array({1: {"LAST_NAME": name, "CITY": city}, 2: {"LAST_NAME": name.upper()}})
            account = session.create("/account", {"ACCOUNT_NO": number, "NAMEINFO": names, "STATUS": status})
            session.create("/billinfo", {"ACCOUNT_OBJ": account, "BILLINFO_ID": f"BP-{number}", "BILL_WHEN": status})
            for login in ("1", "2"):
                alias = Array({0: {"NAME": f"{number}/{login}"}})
                fields: Flist = {"ACCOUNT_OBJ": account, "LOGIN": f"{number}/{login}", "ALIAS_LIST": alias}
                session.create(GSM, fields)
        made.append(account)
    return made


def search(brm: Brm, template: str, *args: Flist, trans_id: str | None = None, **more: Any) -> list[Flist]:
    """Search; the RESULTS elements in order."""
    flist: Flist = {
        "POID": type_only("/search"),
        "FLAGS": 0,
        "TEMPLATE": template,
        "ARGS": Array(enumerate(args or ({"POID": None},), 1)),
        "RESULTS": Array({0: {}}),
        **more,
    }
    output = brm.call("SEARCH", flist, trans_id=trans_id)
    return list(array(output, "RESULTS").values()) if "RESULTS" in output else []


def numbers(brm: Brm, template: str, *args: Flist, **more: Any) -> list[object]:
    """Search accounts; their numbers without those of the root account."""
    return [each["ACCOUNT_NO"] for each in search(brm, template, *args, **more) if each["ACCOUNT_NO"] != "ROOT.0.0.0.1"]


def name(text: str) -> Flist:
    return {"NAMEINFO": Array({ANY_ELEMENT: {"LAST_NAME": text}})}


def city(text: str) -> Flist:
    return {"NAMEINFO": Array({ANY_ELEMENT: {"CITY": text}})}


def number(text: str) -> Flist:
    return {"ACCOUNT_NO": text}


def status(value: int) -> Flist:
    return {"STATUS": value}


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize(
    ("where", "args", "expected"),
    [
        ("F1 = V1", [number("A-2")], "2"),
        ("F1 = V1", [name("Jones")], "1"),
        ("F1 = V1", [name("SMITH")], "2"),
        ("F1 = V1", [city("York")], "23"),
        ("F1 != V1", [number("A-2")], "13"),
        ("F1 <> V1 and F2 = V2", [number("A-2"), city("York")], "3"),
        ("F1 > V1", [number("A-1")], "23"),
        ("F1 >= V1", [number("A-2")], "23"),
        ("F1 < V1", [number("A-2")], "1"),
        ("F1 <= V1", [number("A-2")], "12"),
        ("F1 >= V1", [status(10102)], "23"),
        ("F1 like V1", [name("Jon%")], "13"),
        ("F1 like V1", [name("%mi%")], "2"),
        ("F1 like V1", [name("Jone_")], "1"),
        ("F1 like V1", [name("jon%")], ""),
        ("F1 like V1", [name("%o%e%")], "1"),
        ("F1 like V1", [name("%_n%s")], "1"),
        ("F1 like V1", [name("%n%o%")], "3"),
        ("F1 not like V1", [name("J%")], "2"),
        ("F1 in ( V1, V2 )", [number("A-1"), number("A-3")], "13"),
        ("F1 in V1", [number("A-1, A-3")], "13"),
        ("F1 not in (V1, V2)", [number("A-1"), number("A-3")], "2"),
        ("F1 in (V1, V2)", [status(10100), status(10103)], "13"),
        ("F1 is null", [{"LINEAGE": None}], "123"),
        ("F1 is not null", [{"STATUS": None}], "123"),
        ("F1 = V1 or F2 = V2", [number("A-1"), name("Smith")], "12"),
        ("F1 = V1 and ( F2 = V2 or F3 = V3 )", [city("York"), number("A-1"), number("A-3")], "3"),
        ("F1 = V1 and F2 = V2 or F3 = V3", [city("York"), status(10102), number("A-1")], "12"),
        ("not ( F1 = V1 )", [number("A-2")], "13"),
        ("not not F1 = V1", [number("A-2")], "2"),
        ("NOT F1 = V1 AND F2 IS NOT NULL", [city("York"), number("")], "1"),
        ("F1 = V1", [number("' or 1=1 --")], ""),
        ("F1 = V1", [{"CREATED_T": NOW}], "123"),
        ("F1 > V1", [{"MOD_T": NOW + timedelta(seconds=1)}], ""),
        ("F1 = V1", [{"O2C_FLD_COMMON_ID": "none"}], ""),
    ],
)
def test_conditions(brm: Brm, where: str, args: list[Flist], expected: str) -> None:
    found = numbers(brm, f"select X from /account where {where}", *args)
    assert [f"A-{each}" for each in expected] == found


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize(
    ("order", "expected"),
    [("F1", "123"), ("F1 desc", "321"), ("F2, F1 desc", "132"), ("F2 DESC, F1 ASC", "231")],
)
def test_order(brm: Brm, order: str, expected: str) -> None:
    found = numbers(brm, f"select X from /account where F1 like V1 order by {order}", number("A%"), city(""))
    assert [f"A-{each}" for each in expected] == found


@pytest.mark.usefixtures("accounts")
def test_a_limit_counts_after_the_order(brm: Brm) -> None:
    template = "select X from /account where F1 like V1 order by F1 desc"
    assert numbers(brm, template, number("A%"), RESULTS_LIMIT=2) == ["A-3", "A-2"]
    assert numbers(brm, "select X from /account where F1 = V1", city("York"), RESULTS_LIMIT=1) == ["A-2"]


def test_a_poid_is_compared_without_its_revision(brm: Brm, accounts: list[Poid]) -> None:
    (found,) = search(brm, "select X from /account where F1 = V1", {"POID": accounts[0].at(77)})
    assert found["POID"] == accounts[0]
    (billinfo,) = search(brm, "select X from /billinfo where F1 = V1", {"ACCOUNT_OBJ": accounts[1].at(77)})
    assert billinfo["BILLINFO_ID"] == "BP-A-2"


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize(
    ("class_", "expected"),
    [("/service", 6), ("/service/telco/gsm", 6), (GSM, 6), ("/service/telco/gsm/sms", 0), ("/service/tv", 0)],
)
def test_a_class_includes_its_subclasses(brm: Brm, class_: str, expected: int) -> None:
    assert len(search(brm, f"select X from {class_}")) == expected
    assert len(search(brm, "select X from /service where F1 = V1", {"POID": type_only(class_)})) == expected


def test_joins(brm: Brm, accounts: list[Poid]) -> None:
    template = "select X from /account 1, /billinfo 2 where 2.F2 = 1.F1 and 2.F3 = V3"
    billinfo_id: Flist = {"BILLINFO_ID": "BP-A-2"}
    (found,) = search(brm, template, {"POID": None}, {"ACCOUNT_OBJ": None}, billinfo_id)
    assert found["POID"] == accounts[1]


@pytest.mark.usefixtures("accounts")
def test_a_join_finds_an_object_once_a_match_and_distinct_once_in_all(brm: Brm) -> None:
    template = "select X from /account 1, /service 2 where 1.F1 = 2.F2"
    args: tuple[Flist, ...] = ({"POID": None}, {"ACCOUNT_OBJ": None})
    assert numbers(brm, template, *args) == ["A-1", "A-1", "A-2", "A-2", "A-3", "A-3"]
    assert numbers(brm, template, *args, FLAGS=256) == ["A-1", "A-2", "A-3"]
    assert numbers(brm, template, *args, FLAGS=256, RESULTS_LIMIT=2) == ["A-1", "A-2"]


@pytest.mark.usefixtures("accounts")
def test_three_classes_and_fields_without_an_index_join_too(brm: Brm) -> None:
    template = "select X from /account 1, /service 2, /billinfo 3 where 1.F1 = 2.F2 and 3.F3 = 1.F4 and 2.F5 like V5"
    fields: tuple[Flist, ...] = ({"POID": None}, {"ACCOUNT_OBJ": None}, {"BILL_WHEN": None}, {"STATUS": None})
    assert numbers(brm, template, *fields, {"LOGIN": "%/1"}) == ["A-1", "A-2", "A-3"]


@pytest.mark.usefixtures("accounts")
def test_results_name_the_fields_wanted(brm: Brm) -> None:
    wanted: Flist = {
        "POID": None,
        "LINEAGE": None,
        "NAMEINFO": Array({1: {"LAST_NAME": None, "COMPANY": None}, 9: {}}),
    }
    (found,) = search(brm, "select X from /account where F1 = V1", number("A-1"), RESULTS=Array({0: wanted}))
    assert found == {
        "POID": poid(found, "POID"),
        "LINEAGE": None,
        "NAMEINFO": {1: {"LAST_NAME": "Jones", "COMPANY": None}},
    }
    every: Flist = {"NAMEINFO": Array({ANY_ELEMENT: {"LAST_NAME": None}})}
    (found,) = search(brm, "select X from /account where F1 = V1", number("A-1"), RESULTS=Array({0: every}))
    assert found == {"NAMEINFO": {1: {"LAST_NAME": "Jones"}, 2: {"LAST_NAME": "JONES"}}}


def test_a_search_in_a_transaction_sees_its_own_writes(brm: Brm, accounts: list[Poid]) -> None:
    brm.store.open("t1")
    with brm.store.session("t1") as session:
        session.update(accounts[0], {"ACCOUNT_NO": "B-1"})
        session.delete(accounts[1])
        session.create("/account", {"ACCOUNT_NO": "A-4"})
    template = "select X from /account where F1 like V1"
    assert numbers(brm, template, number("A-%"), trans_id="t1") == ["A-3", "A-4"]
    assert numbers(brm, template, number("B-%"), trans_id="t1") == ["B-1"]
    assert numbers(brm, template, number("A-%")) == ["A-1", "A-2", "A-3"]


def test_a_product_of_classes_is_given_up(brm: Brm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "MOST_COMBINATIONS", 100)
    with refused(Errno.BAD_SEARCH_ARG):
        search(brm, "select X from /product 1, /product 2")


def test_finding_nothing_is_no_error(brm: Brm) -> None:
    assert search(brm, "select X from /account where F1 = V1", number("none")) == []


def test_long_values_are_found_and_told_apart(brm: Brm) -> None:
    long = "x" * 300
    with brm.store.session() as session:
        for end in "ab":
            session.create("/account", {"ACCOUNT_NO": long + end})
    for operator, expected in (("=", ["a"]), ("!=", ["b"]), ("like", ["a"]), (">", ["b"]), ("<=", ["a"])):
        template = f"select X from /account where F1 {operator} V1 and F2 like V2"
        found = numbers(brm, template, number(long + "a"), number("x%"))
        assert [long + end for end in expected] == found


@pytest.mark.parametrize(
    ("template", "args"),
    [
        ("", []),
        ("delete X from /account", []),
        ("select X from account", []),
        ("select X from /account where", []),
        ("select X from /account where F1", [number("1")]),
        ("select X from /account where F1 = V1 and", [number("1")]),
        ("select X from /account where F1 = V2", [number("1")]),
        ("select X from /account where F2 = V1", [number("1")]),
        ("select X from /account where 2.F1 = V1", [number("1")]),
        ("select X from /account 1, /billinfo 1 where F1 = V1", [number("1")]),
        (f"select X from /account where F{'1' * 5000} = V1", [number("1")]),
        (f"select X from /account {'1' * 5000} where F1 = V1", [number("1")]),
        ("select X from /account where F1 = V1; drop table objects", [number("1")]),
        ("select X from /pigeon where F1 = V1", [number("1")]),
        ("select X from /account where F1 = V1", [{"LOGIN": "1"}]),
        ("select X from /account where F1 = V1", [{"ACCOUNT_NO": "1", "STATUS": 1}]),
        ("select X from /account where F1 = V1", [{"NAMEINFO": Array({0: {}})}]),
        ("select X from /account where " + "(" * 60 + "F1 = V1" + ")" * 60, [number("1")]),
        ("select X from /account where F1 = V1" + " and F1 = V1" * 2000, [number("1")]),
    ],
)
def test_a_template_that_means_nothing_is_refused(brm: Brm, template: str, args: list[Flist]) -> None:
    with refused(Errno.BAD_SEARCH_ARG):
        search(brm, template, *args)


def test_a_pattern_of_many_wildcards_takes_no_longer_than_another() -> None:
    # for ever, when every place of every part is tried: then the test's time-out ends it
    assert predicate.pattern("%a" * 50 + "%b").fullmatch("a" * 5000) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_indexed_search_reads_no_more_than_it_finds(brm: Brm, accounts: list[Poid]) -> None:
    """Its cost must not grow with the objects stored: no plan scans the objects.

    On SQLite, which tells its plan in words; PostgreSQL's depends on statistics.
    """
    database = brm.store._database
    searches: list[tuple[str, tuple[Flist, ...]]] = [
        ("/account where F1 = V1", (number("A-1"),)),
        ("/account where F1 = V1", ({"POID": accounts[0]},)),
        ("/service where F1 = V1 and F2 = V2", ({"ACCOUNT_OBJ": accounts[0]}, {"STATUS": 1})),
        ("/service where F1 = V1", ({"ALIAS_LIST": Array({ANY_ELEMENT: {"NAME": "A-1/1"}})},)),
        (
            "/account 1, /service 2 where 1.F1 = 2.F2 and 2.F3 = V3",
            ({"POID": None}, {"ACCOUNT_OBJ": None}, {"LOGIN": "A-1/1"}),
        ),
        (
            "/service 1, /account 2 where 2.F1 = 1.F2 and 2.F3 = V3",
            ({"POID": None}, {"ACCOUNT_OBJ": None}, {"ACCOUNT_NO": "A-1"}),
        ),
    ]
    plans: list[str] = []

    def explain(_c: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT objects_"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in cursor.fetchall())

    event.listen(database.engine, "before_cursor_execute", explain)
    for trans_id in (None, brm.store.open()):
        for template, args in searches:
            assert search(brm, f"select X from {template}", *args, trans_id=trans_id) != [] or "STATUS" in str(args)
    assert len(plans) > 12
    assert [plan for plan in plans if plan.startswith("SCAN objects") or "objects_by_type" in plan] == []
