"""The twenty CUT operations, called by stubs of every toolkit: what they write is in Siebel, what they read is its."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.interop import siebel
from tests.interop.cases import story
from tests.interop.evidence import TOLD, Evidence

pytestmark = pytest.mark.timeout(300)

READ = ("Account", "ServiceProfile", "SalesOrder", "WorkOrder", "TroubleTicket", "PhoneNumber")
WRITTEN = (*READ, "FraudAlert", "CreditAlert")
SEEDED = {"ServiceProfile": "S-Account"}
"""Integration ids of what is read that are not called like the object."""


def test_each_of_the_twenty_operations_is_called(evidence: Evidence) -> None:
    told = {case.operation.name for case in evidence.cases.values() if case.contract.name.startswith("CUT")}
    wanted = {f"CUT{kind}{key}Data" for kind in ("Get", "Send") for key in READ}

    assert {name for name in told if name.endswith("Data")} == wanted | {f"CUTReceive{key}Data" for key in WRITTEN}


@pytest.mark.parametrize("key", WRITTEN)
def test_what_is_received_is_in_siebel_with_all_that_belongs_to_it(evidence: Evidence, key: str) -> None:
    call = f"receive{key}"
    sent = siebel.list_in(etree.fromstring(evidence.cases[call].message))

    assert evidence.outcomes[call] == ("answer",)
    assert siebel.missing(sent, evidence.in_siebel(call)) == []


@pytest.mark.parametrize("key", WRITTEN)
def test_the_typed_answer_of_receive_carries_siebels_row_ids(evidence: Evidence, key: str) -> None:
    [root] = evidence.in_siebel(f"receive{key}")
    typed = evidence.typed(f"receive{key}")

    held = {text for tag in ("Id", "RowId", "BillingProfileId") for text in _texts(root, tag) if text}
    assert _texts(typed, "Object_spcId") == [root.findtext("{*}Id")]
    assert {text for tag in ("Id", "RowId", "BillingProfileId") for text in _texts(typed, tag)} <= held
    assert _texts(typed, "Error_spcCode") in ([""], [])


@pytest.mark.parametrize("kind", ["get", "send"])
@pytest.mark.parametrize("key", READ)
def test_what_is_asked_for_is_in_the_typed_answer(evidence: Evidence, kind: str, key: str) -> None:
    call = f"{kind}{key}"
    typed = evidence.typed(call)
    asked = etree.fromstring(evidence.cases[call].message).findtext("{*}Object_spcId")

    assert evidence.outcomes[call] == ("answer",)
    assert _texts(typed, "Object_spcId") == [asked]
    assert _texts(typed, "IntegrationId")[0] == SEEDED.get(key, f"S-{key}")


def test_a_search_specification_finds_page_by_page(evidence: Evidence) -> None:
    typed = evidence.typed("foundAccount")

    assert (_texts(typed, "AccountNumber"), _texts(typed, "LastPage")) == (["S-Account"], ["true"])


def test_a_change_that_siebel_tells_waits_for_its_subscriber(evidence: Evidence) -> None:
    assert evidence.outcomes["toldTroubleTicket"] == ("answer",)

    [waiting] = evidence.payloads(TOLD)
    assert b"S-TroubleTicket" in waiting


def test_the_story_has_every_object(evidence: Evidence) -> None:
    names = dict.fromkeys(siebel.NAMES, "1-1") | {"account": "", "billing_profile": "", "account_poid": ""}

    assert {case.name for case in story(names)} >= {f"receive{key}" for key in WRITTEN}
    assert set(evidence.cases) >= {f"get{key}" for key in READ}


def _texts(element: etree._Element, tag: str) -> list[str]:
    return [each.text or "" for each in element.iter(f"{{*}}{tag}")]
