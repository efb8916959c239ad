"""The simulated Siebel, called as Siebel is: whatever is wrong is refused in its words, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from zeep.exceptions import Fault

from tests.acceptance.cut_objects import OBJECTS, CutObject
from tests.acceptance.cut_site import Gateway, Siebel, children, differs, number, records, session, siebel_process
from tests.acceptance.site import eventually
from tests.siebel_sim.simulator import stack_of

EACH = pytest.mark.parametrize("about", OBJECTS.values(), ids=list(OBJECTS))
ACCOUNT = OBJECTS["Account"]
EXPIRED = "Token might have been expired or logged out by the user."


def _id(about: CutObject) -> str:
    """Name the field of a child that holds its row id."""
    return "RowId" if about.child == "CutAddress" else "Id"


@pytest.fixture
def siebel(served_cut: Gateway) -> Siebel:
    return served_cut.siebel


@EACH
def test_a_hierarchy_is_written_and_read_back_whole(siebel: Siebel, about: CutObject) -> None:
    wanted = about.made(number())
    siebel.upsert(about, wanted)
    found = siebel.one(about, wanted["IntegrationId"])
    assert differs(found, wanted) == []
    assert all(found[field] for field in ("Id", "ModId", "Created", "Updated"))


@EACH
def test_a_record_without_a_user_key(siebel: Siebel, about: CutObject) -> None:
    told = siebel.of(about).refused(f"{about.siebel}InsertOrUpdate", **about.message(about.without_keys(number())))
    assert [code for code, _ in told] == ["SBL-EAI-04397"]
    assert told[0][1].startswith("No user key can be used for the Integration Component instance '")
    assert told[0][1].endswith("'.(SBL-EAI-04397)")


def test_a_user_key_that_several_records_have(siebel: Siebel) -> None:
    name = f"Twins {number()}"
    twin = {"Name": name, "Location": "", "Organization": "Default Organization"}
    for _ in range(2):
        siebel.of(ACCOUNT).call(
            "CUTSampleAccountInsertOrUpdate", **ACCOUNT.message({"Name": name, "IntegrationId": number()})
        )
    told = siebel.of(ACCOUNT).refused("CUTSampleAccountInsertOrUpdate", **ACCOUNT.message(twin))
    assert [code for code, _ in told] == ["SBL-EAI-04390"]


@EACH
def test_children_that_are_known_by_different_keys(siebel: Siebel, about: CutObject) -> None:
    record = about.made(number())
    record[f"ListOf{about.child}"][about.child].append({_id(about): "1-NONE"})
    told = siebel.of(about).refused(f"{about.siebel}InsertOrUpdate", **about.message(record))
    assert [code for code, _ in told] == ["SBL-EAI-04390"]
    assert siebel.known(about, record["IntegrationId"]) == []


@EACH
def test_a_value_that_is_not_in_the_pick_list(siebel: Siebel, about: CutObject) -> None:
    record = about.made(number()) | {about.listed: "Sleepy"}
    (outer, inner) = siebel.of(about).refused(f"{about.siebel}InsertOrUpdate", **about.message(record))
    assert (outer[0], inner[0]) == ("SBL-EAI-04376", "SBL-DAT-00225")
    assert "does not match any value in the bounded pick list" in inner[1]
    assert inner[1] in outer[1]
    assert siebel.known(about, record["IntegrationId"]) == []


@EACH
def test_a_required_field_that_is_missing(siebel: Siebel, about: CutObject) -> None:
    record = {tag: value for tag, value in about.made(number()).items() if tag != about.required}
    (outer, inner) = siebel.of(about).refused(f"{about.siebel}InsertOrUpdate", **about.message(record))
    assert (outer[0], inner[0]) == ("SBL-EAI-04451", "SBL-DAT-00498")
    assert "is a required field. Please enter a value for the field." in inner[1]
    assert siebel.known(about, record["IntegrationId"]) == []


@EACH
def test_a_modification_key_that_is_not_the_latest(siebel: Siebel, about: CutObject) -> None:
    made = about.made(number())
    siebel.upsert(about, made)
    read = siebel.one(about, made["IntegrationId"])
    seen = {"Id": read["Id"], "ModId": read["ModId"]}
    siebel.upsert(about, seen | {about.changeable: "first"})
    (outer, inner) = siebel.of(about).refused(
        f"{about.siebel}InsertOrUpdate", **about.message(seen | {about.changeable: "second"})
    )
    assert (outer[0], inner[0]) == ("SBL-EAI-04451", "SBL-DAT-00523")
    assert siebel.one(about, made["IntegrationId"])[about.changeable] == "first"


@EACH
def test_half_of_a_new_hierarchy_that_fails_leaves_nothing(siebel: Siebel, about: CutObject) -> None:
    record = about.with_bad_child(number())
    told = siebel.of(about).refused(f"{about.siebel}InsertOrUpdate", **about.message(about.made(number()), record))
    assert told[-1][0] == about.refused
    assert siebel.known(about, record["IntegrationId"]) == []


@EACH
def test_half_of_a_change_that_fails_changes_nothing(siebel: Siebel, about: CutObject) -> None:
    key = number()
    siebel.upsert(about, about.made(key))
    before = siebel.one(about, key)
    told = siebel.of(about).refused(
        f"{about.siebel}InsertOrUpdate", **about.message(about.with_bad_child(key) | {about.changeable: "half"})
    )
    assert told[-1][0] == about.refused
    assert siebel.one(about, key) == before


@EACH
def test_an_unknown_row_id_answers_no_object_and_no_fault(siebel: Siebel, about: CutObject) -> None:
    assert records(about, siebel.of(about).call(f"{about.siebel}QueryById", PrimaryRowId="1-NOBODY")) == []


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ({"SearchSpec": "[Name] = "}, "SBL-DAT-00501", "The search specification cannot be read"),
        ({"SearchSpec": "[Name] = 'a' AND ("}, "SBL-DAT-00501", "The search specification cannot be read"),
        ({"SearchSpec": "[Hue] = 'red'"}, "SBL-DAT-00398", "Field 'Hue' does not exist in definition"),
        ({"SortSpec": "Name ("}, "SBL-DAT-00502", "The sort specification cannot be read"),
        ({"PageSize": "101"}, "SBL-EAI-50158", "The page size 101 is larger than the maximum page size 100"),
        ({"PageSize": "ten"}, "SBL-EAI-04302", "The argument PageSize is no number"),
    ],
)
def test_a_page_that_cannot_be(siebel: Siebel, given: dict[str, str], code: str, told: str) -> None:
    ((found, text),) = siebel.of(ACCOUNT).refused("CUTSampleAccountQueryPage", **given)
    assert (found, told in text, f"({code})" in text) == (code, True, True)


def test_an_insert_of_what_is_there_and_an_update_of_what_is_not(siebel: Siebel) -> None:
    made = ACCOUNT.made(number())
    siebel.upsert(ACCOUNT, made)
    twice = siebel.of(ACCOUNT).refused("CUTSampleAccountInsert", **ACCOUNT.message(made))
    absent = siebel.of(ACCOUNT).refused("CUTSampleAccountUpdate", **ACCOUNT.message(ACCOUNT.made(number())))
    assert [code for code, _ in twice] == ["SBL-EAI-04383"]
    assert [code for code, _ in absent] == ["SBL-EAI-04403"]
    assert len(children(siebel.one(ACCOUNT, made["IntegrationId"]), "CutAddress")) == 1


def test_a_session_that_has_expired(tmp_path: Path) -> None:
    limits = {"SIEBEL_SIM_USERS": "SADMIN:secret", "SIEBEL_SIM_ANONYMOUS": "false", "SIEBEL_SIM_SESSION_LONGEST": "2"}
    with siebel_process(tmp_path, **limits) as served:
        service = served.of(ACCOUNT)
        stranger = service.refused("CUTSampleAccountQueryById", PrimaryRowId="1-1")
        login = session(UsernameToken="SADMIN", PasswordText="secret", SessionType="Stateless")
        service.call("CUTSampleAccountQueryById", login, PrimaryRowId="1-1")

        def refused() -> list[tuple[str, str]]:
            known = session(SessionToken=service.session_token(), SessionType="Stateless")
            try:
                service.call("CUTSampleAccountQueryById", known, PrimaryRowId="1-1")
            except Fault as fault:
                return stack_of(fault.detail[0])
            return []

        ((code, told),) = eventually(refused)

    assert stranger[0][0] == "SBL-DAT-00446"
    assert (code, told) == ("SBL-UIF-00880", f"{EXPIRED}(SBL-UIF-00880)")
