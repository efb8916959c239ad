"""The twenty operations over the wire, with zeep: a gateway and a Siebel as processes, looked at from both sides."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lxml import etree

from tests.acceptance.cut_objects import OBJECTS, CutObject, Tree
from tests.acceptance.cut_site import (
    Gateway,
    children,
    differs,
    number,
    records,
)
from tests.acceptance.site import eventually

EACH = pytest.mark.parametrize("about", OBJECTS.values(), ids=list(OBJECTS))
READ = [each for each in OBJECTS.values() if "Get" in each.operations]
EACH_READ = pytest.mark.parametrize("about", READ, ids=[each.word for each in READ])
ROW_ID = re.compile(r"\d+-[0-9A-Z]+")
ACCOUNT = OBJECTS["Account"]


@pytest.fixture
def gateway(served_cut: Gateway) -> Gateway:
    """Give both, with a worker, and a back office that reads a queue."""
    return served_cut


def made(gateway: Gateway, about: CutObject, **more: str) -> Tree:
    """Put a record into Siebel; the record as it is there."""
    given = about.made(number()) | more
    gateway.siebel.upsert(about, given)
    return gateway.siebel.one(about, given["IntegrationId"])


def test_all_twenty_are_published(gateway: Gateway) -> None:
    wanted = {f"CUT{kind}{about.word}Data" for about in OBJECTS.values() for kind in about.operations}
    found = {name for about in OBJECTS.values() for name in gateway.of(about).operations}
    assert (len(wanted), found) == (20, wanted)


# ---- Get, and Send for who asks


@EACH_READ
@pytest.mark.parametrize("kind", ["Get", "Send"])
def test_a_record_is_answered_whole_by_its_row_id(gateway: Gateway, about: CutObject, kind: str) -> None:
    wanted = made(gateway, about)
    answer = gateway.of(about).call(f"CUT{kind}{about.word}Data", Object_spcId=wanted["Id"])
    (found,) = records(about, answer)
    assert found == wanted
    assert children(found, about.child)
    assert _said(answer) == ("", "", wanted["Id"])


@EACH_READ
@pytest.mark.parametrize("kind", ["Get", "Send"])
def test_an_unknown_row_id_answers_nothing_and_no_fault(gateway: Gateway, about: CutObject, kind: str) -> None:
    answer = gateway.of(about).call(f"CUT{kind}{about.word}Data", Object_spcId="1-NOBODY")
    assert records(about, answer) == []
    assert _said(answer) == ("", "", "")


@EACH_READ
@pytest.mark.parametrize("kind", ["Get", "Send"])
def test_the_string_is_answered_to_who_wants_it(gateway: Gateway, about: CutObject, kind: str) -> None:
    wanted = made(gateway, about)
    asked = {"Object_spcId": wanted["Id"], "Convert_spcto_spcXML": "Y"}
    answer = gateway.of(about).call(f"CUT{kind}{about.word}Data", **asked)
    message = etree.fromstring(answer[about.xml])
    assert (message.tag, message.get("IntObjectName")) == ("SiebelMessage", about.io)
    assert message.get("IntObjectFormat") == "Siebel Hierarchical"
    assert message.findtext(f"{about.list}/{about.root}/IntegrationId") == wanted["IntegrationId"]
    assert message.find(f"{about.list}/{about.root}/ListOf{about.child}/{about.child}") is not None
    assert answer[about.list] is None


@EACH_READ
def test_a_search_specification_is_answered_page_by_page(gateway: Gateway, about: CutObject) -> None:
    shared = f"p{number()}"
    wanted = {made(gateway, about, **{about.changeable: shared})["Id"] for _ in range(3)}
    named = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", about.changeable)
    asked = {"SearchSpec": f"[{named}] = '{shared}'", "SortSpec": "Created", "PageSize": "2"}
    first = gateway.get(about, **asked)
    second = gateway.get(about, **asked, StartRowNum="2")
    found = [[each["Id"] for each in records(about, page)] for page in (first, second)]
    assert [len(page) for page in found] == [2, 1]
    assert {*found[0], *found[1]} == wanted
    assert (first["LastPage"], second["LastPage"]) == ("false", "true")
    assert children(records(about, first)[0], about.child)


# ---- Receive


@EACH
def test_what_is_new_is_inserted_with_its_children_and_answered_with_row_ids(
    gateway: Gateway, about: CutObject
) -> None:
    wanted = about.made(number())
    answer = gateway.receive(about, wanted)
    stored = gateway.siebel.one(about, wanted["IntegrationId"])
    assert differs(stored, wanted) == []
    assert _said(answer) == ("", "", stored["Id"])
    (status,) = records(about, answer)
    assert status["Id"] == stored["Id"]
    assert len(children(status, about.child)) == 1
    assert all(ROW_ID.fullmatch(text) for text in _row_ids(status))


@EACH
def test_what_is_there_is_updated_by_its_user_key_and_keeps_what_is_not_said(
    gateway: Gateway, about: CutObject
) -> None:
    before = made(gateway, about)
    gateway.receive(about, {"IntegrationId": before["IntegrationId"], about.changeable: "changed"})
    after = gateway.siebel.one(about, before["IntegrationId"])
    assert (after["Id"], after[about.changeable]) == (before["Id"], "changed")
    same = [tag for tag in before if tag not in (about.changeable, "ModId", "Updated")]
    assert {tag: after[tag] for tag in same} == {tag: before[tag] for tag in same}


@EACH
def test_the_string_is_taken_instead_of_the_hierarchy(gateway: Gateway, about: CutObject) -> None:
    key = number()
    record = f"<{about.root}>{_text(about.made(key))}</{about.root}>"
    listed = f"<{about.list}>{record}</{about.list}>"
    message = f'<SiebelMessage MessageId="" IntObjectName="{about.io}">{listed}</SiebelMessage>'
    answer = gateway.of(about).call(f"CUTReceive{about.word}Data", **{about.xml: message})
    assert differs(gateway.siebel.one(about, key), about.made(key)) == []
    told = etree.fromstring(answer[about.xml])
    assert told.findtext(f"{about.list}/{about.root}/Id") == answer["Object_spcId"]


@EACH
def test_a_message_that_is_repeated_changes_nothing_and_is_answered_the_same(
    gateway: Gateway, about: CutObject
) -> None:
    wanted, message = about.made(number()), f"m-{number()}"
    told = [gateway.receive(about, wanted, Message_spcId=message, Source_spcSystem="CRM_9") for _ in range(2)]
    gateway.siebel.upsert(about, {"IntegrationId": wanted["IntegrationId"], about.changeable: "since"})
    before = gateway.siebel.one(about, wanted["IntegrationId"])
    told.append(gateway.receive(about, wanted, Message_spcId=message, Source_spcSystem="CRM_9"))
    assert told[0] == told[1] == told[2]
    assert gateway.siebel.one(about, wanted["IntegrationId"]) == before


def test_another_message_with_the_same_id_is_refused(gateway: Gateway) -> None:
    key, message = number(), {"Message_spcId": f"m-{number()}", "Source_spcSystem": "CRM_9"}
    gateway.receive(ACCOUNT, ACCOUNT.made(key), **message)
    other = ACCOUNT.made(key) | {"MainPhoneNumber": "+1"}
    ((code, text),) = gateway.of(ACCOUNT).refused("CUTReceiveAccountData", **ACCOUNT.message(other), **message)
    assert (code, "came before" in text) == ("O2C_DUPLICATE_EBMID", True)
    assert gateway.siebel.one(ACCOUNT, key)["MainPhoneNumber"] != "+1"


FORMS = {
    "input": '<c:CUTReceive{word}Data_Input xmlns:c="http://siebel.com/CustomUI">{listed}'
    "<c:Message_spcId>q-{key}</c:Message_spcId></c:CUTReceive{word}Data_Input>",
    "list": "{listed}",
    "message": '<SiebelMessage MessageId="q-{key}" IntObjectName="{io}">{listed}</SiebelMessage>',
}


@pytest.mark.parametrize(
    ("about", "form"),
    [(ACCOUNT, "list"), (ACCOUNT, "message"), *((each, "input") for each in OBJECTS.values())],
    ids=lambda each: each if isinstance(each, str) else each.word,
)
def test_a_queue_is_as_good_as_a_call(gateway: Gateway, about: CutObject, form: str) -> None:
    key, root = number(), about.root
    listed = f'<{about.list} xmlns="{_namespace(about)}"><{root}>{_text(about.made(key))}</{root}></{about.list}>'
    message = FORMS[form].format(word=about.word, listed=listed, key=key, io=about.io)
    gateway.admin.put(f"CUT_IN_{about.word.upper()}", message.encode())
    (found,) = eventually(lambda: gateway.siebel.known(about, key))
    assert differs(found, about.made(key)) == []


# ---- Send of a change


@EACH_READ
def test_a_change_reaches_the_queue_of_a_back_office_once(gateway: Gateway, about: CutObject) -> None:
    record = made(gateway, about)
    message = f"s-{number()}"
    answers = [gateway.tell(about, record, Message_spcId=message) for _ in range(2)]
    assert [_said(answer) for answer in answers] == [("", "", record["Id"])] * 2

    def delivered() -> list[etree._Element]:
        return [each for each in _taken(gateway) if each.findtext(f".//{{*}}{about.root}/{{*}}Id") == record["Id"]]

    (body,) = eventually(delivered)
    assert etree.QName(body).localname == f"CUTReceive{about.word}Data_Input"
    assert body.findtext("{*}Source_spcSystem") == "SEBL_01"
    assert (body.findtext("{*}Message_spcId") or "").isdigit()
    assert body.findtext(f".//{{*}}{about.root}/{{*}}IntegrationId") == record["IntegrationId"]
    assert delivered() == []


def test_a_ticket_that_is_none_of_the_back_offices_is_not_sent(gateway: Gateway) -> None:
    tickets = OBJECTS["TroubleTicket"]
    ours, theirs = (made(gateway, tickets, TicketType=kind) for kind in ("Customer", "Back Office"))
    for record in (ours, theirs):
        gateway.tell(tickets, record)
    told = eventually(lambda: [each for each in _taken(gateway) if "TroubleTicket" in each.tag])
    assert [each.findtext(".//{*}ServiceRequest/{*}Id") for each in told] == [theirs["Id"]]


def _taken(gateway: Gateway) -> list[etree._Element]:
    """Take everything off the back office's queue."""
    taken = iter(lambda: gateway.admin.get("OFFICE_QUEUE"), None)
    return [etree.fromstring(each[1]) for each in taken if each is not None]


def _said(answer: Tree) -> tuple[str, str, str]:
    return answer["Error_spcCode"] or "", answer["Error_spcMessage"] or "", answer["Object_spcId"] or ""


def _row_ids(record: Tree) -> Iterator[str]:
    own = [value for tag, value in record.items() if tag in ("Id", "RowId", "BillingProfileId") and value]
    yield own[0] if own else ""
    for tag, value in record.items():
        if tag.startswith("ListOf") and value:
            for inside in next(each for each in value.values() if isinstance(each, list)):
                yield from _row_ids(inside)


def _text(record: Tree) -> str:
    """Write a record as text: zeep has no part in this."""
    return "".join(
        f"<{tag}>{_text(value) if isinstance(value, dict) else value}</{tag}>" for tag, value in _flat(record)
    )


def _flat(record: Tree) -> Iterator[tuple[str, object]]:
    for tag, value in record.items():
        if isinstance(value, list):
            yield from ((tag, each) for each in value)
        else:
            yield tag, value


def _namespace(about: CutObject) -> str:
    return "http://www.siebel.com/xml/" + about.io.replace(" ", "%20")
