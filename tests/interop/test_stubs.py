"""Partners on five toolkits: stubs made from the URLs of running services, typed messages, answers and faults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from lxml import etree

from soapkit.publish.toolkits import toolkits
from tests.interop.cases import contracts
from tests.interop.equal import Comparison
from tests.interop.evidence import ORDERS, RESPONSES, Evidence
from tests.interop.shapes import WILDCARD, Member, members

SERVICES = sorted(contracts())
EFFECTS = {
    "create": ["account-I-1", "billing-profile-I-1"],
    "find": ["account-I-1"],
    "buy": ["account-TC-1001", "asset-I-6-1", "asset-I-6-2"],
    "bill": [f"asset-I-1-{line}" for line in range(1, 6)],
    "add": [f"asset-I-2-{line}" for line in range(1, 6)],
}
"""Calls of the story that make or find objects, and the COMMON ids by which BRM then knows what the answer names."""
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
OUTCOMES = {200: "answer", 202: "accepted", 400: "fault", 500: "fault"}
SIEBELS = ("SBL-", "O2C_")
"""Siebel declares no faults: what a toolkit tells of one is its text, and that has a code in it."""

pytestmark = pytest.mark.timeout(300)  # the first test of a toolkit generates, compiles and makes all calls


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def calls_of(evidence: Evidence, service: str) -> list[str]:
    return [name for name, case in evidence.cases.items() if case.contract.name == service]


def test_stubs_are_made_of_every_contract(evidence: Evidence) -> None:
    assert sorted(evidence.published) == SERVICES
    assert sorted(name for (name,) in evidence.script.facts("generated")) == SERVICES


def test_pages_tell_partners_to_make_stubs_of_the_form_that_was_tried(evidence: Evidence) -> None:
    commands = {each.name: each.command for each in toolkits("http://partner.example/services/S")}

    assert f"/services/S?{evidence.toolkit.query}" in commands[evidence.toolkit.label]


def test_neither_generator_nor_compiler_nor_stub_has_anything_to_complain_about(evidence: Evidence) -> None:
    assert evidence.said == ""


def test_what_is_optional_comes_out_as_optional_and_lists_as_lists(evidence: Evidence, service: str) -> None:
    expected = members(contracts()[service])
    types = {member.type for member in expected}
    told = {
        Member(kind, name, many == "many", optional == "optional")
        for where, kind, name, many, optional in evidence.script.facts("member")
        if where == service and kind in types
    }

    if evidence.toolkit.optional:
        assert sorted(_comparable(expected)) == sorted(_comparable(told))
    else:
        assert sorted(_lists(expected)) == sorted(_lists(told))


def _comparable(found: Iterable[Member]) -> set[Member]:
    """Leave out whether a wildcard is a list: Axis has one name and one type for them all."""
    return {replace(member, many=True) if member.name == WILDCARD else member for member in found}


def _lists(found: Iterable[Member]) -> set[tuple[str, str]]:
    return {(member.type, member.name) for member in found if member.many and member.name != WILDCARD}


def test_full_messages_arrive_as_they_were_meant(evidence: Evidence, service: str) -> None:
    calls = calls_of(evidence, service)
    comparison = Comparison(contracts()[service])

    wrong = {
        name: comparison.differences(etree.fromstring(evidence.cases[name].message), evidence.sent(name))
        for name in calls
    }

    assert wrong == {name: [] for name in calls}


def test_headers_arrive_as_they_were_meant(evidence: Evidence) -> None:
    with_header = [case for case in evidence.cases.values() if case.header is not None]

    for case in with_header:
        assert case.header is not None
        [block] = etree.fromstring(evidence.raw(case.name, "request"))[0]
        etree.strip_attributes(block, f"{{{ENVELOPE}}}*")  # actor and mustUnderstand are the envelope's
        assert Comparison(case.contract).differences(etree.fromstring(case.header), block) == []
    assert len(with_header) > 1


def test_every_call_ends_as_its_contract_says(evidence: Evidence, service: str) -> None:
    calls = calls_of(evidence, service)

    assert {name: evidence.outcomes[name][0] for name in calls} == {name: _ending(evidence, name) for name in calls}


def _ending(evidence: Evidence, call: str) -> str:
    """Tell how a call ends by its contract: without a declared fault, a refusal is no more than an error."""
    outcome = OUTCOMES[evidence.heads(call).status]
    return "error" if outcome == "fault" and not evidence.cases[call].operation.faults else outcome


def test_a_fault_that_no_contract_declares_says_siebels_code(evidence: Evidence, service: str) -> None:
    errors = {name: evidence.outcomes[name][1] for name in calls_of(evidence, service) if _is_error(evidence, name)}

    assert [name for name, text in errors.items() if not any(code in text for code in SIEBELS)] == []


def _is_error(evidence: Evidence, call: str) -> bool:
    return evidence.outcomes[call][0] == "error"


def test_answers_and_faults_are_read_in_full(evidence: Evidence, service: str) -> None:
    typed = {"answer", "fault"}
    answered = [name for name in calls_of(evidence, service) if evidence.outcomes[name][0] in typed]

    assert {name: evidence.misread(name) for name in answered} == {name: [] for name in answered}


def test_a_declared_fault_is_caught_by_its_type(evidence: Evidence, service: str) -> None:
    declared = {fault for operation in contracts()[service].operations for fault in operation.faults.values()}
    outcomes = {evidence.outcomes[name] for name in calls_of(evidence, service)}
    caught = {kind for outcome, *rest in outcomes if outcome == "fault" for kind in rest}

    assert caught == {evidence.toolkit.faults[etree.QName(fault).localname] for fault in declared}


def test_a_service_has_an_effect_or_says_in_typed_fields_that_it_is_not_simulated(
    evidence: Evidence, service: str
) -> None:
    calls = calls_of(evidence, service)
    taken = [name for name in calls if "." not in name and evidence.outcomes[name][0] in {"answer", "accepted"}]
    refused = [name for name in calls if evidence.outcomes[name][0] == "fault"]

    if not taken and any(operation.faults for operation in contracts()[service].operations):
        said = {name: " ".join(_texts(evidence, name, "text")) for name in refused}
        assert {name for name, text in said.items() if "not simulated" in text} == {*calls}


@pytest.mark.parametrize("call", sorted(EFFECTS))
def test_what_a_typed_answer_names_is_in_brm(evidence: Evidence, call: str) -> None:
    assert evidence.effects[call] == EFFECTS[call]


@pytest.mark.parametrize(("call", "queue"), [("queue", ORDERS), ("respond", RESPONSES)])
def test_a_one_way_message_lies_on_its_queue(evidence: Evidence, call: str, queue: str) -> None:
    case = evidence.cases[call]
    message = etree.fromstring(case.message)
    comparison = Comparison(case.contract)

    lying = [etree.fromstring(payload) for payload in evidence.payloads(queue)]

    assert [comparison.differences(message, payload) for payload in lying].count([]) == 1


def test_a_transaction_is_opened_and_committed_by_the_name_in_the_typed_answer(evidence: Evidence) -> None:
    header = evidence.cases["create"].header
    assert header is not None

    opened = _texts(evidence, "open", "TRANS_ID")

    assert opened == [etree.fromstring(header).findtext("{*}TRANS_ID")]
    assert _texts(evidence, "commit", "TRANS_ID") == opened


def test_what_is_searched_and_echoed_is_in_the_typed_answer(evidence: Evidence) -> None:
    assert _texts(evidence, "find", "ACCOUNT_NO") == ["I-1"]
    assert _texts(evidence, "loopback", "ACCOUNT_NO") == ["Zoë <1> €"]


def test_a_refused_order_says_why_in_typed_fields(evidence: Evidence) -> None:
    ebm = etree.fromstring(evidence.cases["refused"].message)

    assert _texts(evidence, "refused", "EBMID") == [ebm.findtext(".//{*}EBMID")]
    assert _texts(evidence, "refused", "Code") == ["AIA_ERR_AIACOMBMPI_0002"]
    assert "BillingProfileReference" in _texts(evidence, "refused", "Text")[0]
    assert _texts(evidence, "refused", "BusinessComponentID")[0] == "order-I-5"


def test_soap_12_is_spoken_on_the_same_address(evidence: Evidence) -> None:
    if not evidence.toolkit.soap_12:
        assert not [case for case in evidence.cases.values() if case.version == "1.2"]
        return

    for name in ("loopback-soap12", "missing-soap12", "refused-soap12"):
        heads = evidence.heads(name)
        assert heads.request["content-type"].startswith("application/soap+xml")
        assert heads.response["content-type"].startswith("application/soap+xml")
    assert _texts(evidence, "loopback-soap12", "ACCOUNT_NO") == ["Zoë <1> €"]
    assert _texts(evidence, "missing-soap12", "errno") == ["PIN_ERR_NOT_FOUND"]
    assert _texts(evidence, "refused-soap12", "Code") == ["AIA_ERR_AIACOMBMPI_0002"]


def test_an_error_buffer_says_why_in_typed_fields(evidence: Evidence) -> None:
    assert _texts(evidence, "missing", "location") == ["PIN_ERRLOC_DM"]
    assert _texts(evidence, "missing", "class") == ["PIN_ERRCLASS_APPLICATION"]
    assert _texts(evidence, "missing", "errno") == ["PIN_ERR_NOT_FOUND"]
    assert evidence.typed("missing").find("{*}errno").get("number") == "3"  # type: ignore[union-attr] # it is there
    assert _texts(evidence, "missing", "field") == ["PIN_FLD_POID"]


def _texts(evidence: Evidence, call: str, element: str) -> list[str]:
    return [node.text or "" for node in evidence.typed(call).iter(f"{{*}}{element}")]
