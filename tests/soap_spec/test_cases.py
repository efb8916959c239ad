"""Every case, over every server."""

from __future__ import annotations

import re

import pytest

from tests.soap_spec import (
    cases_11_envelope,
    cases_11_http,
    cases_12_envelope,
    cases_12_faults,
    cases_12_http,
    cases_12_processing,
    cases_wsi,
)
from tests.soap_spec.answers import check
from tests.soap_spec.case import Case, envelope, place, sent
from tests.soap_spec.http import exchange, exchange_twice

MODULES = (
    cases_12_processing,
    cases_12_envelope,
    cases_12_faults,
    cases_12_http,
    cases_11_envelope,
    cases_11_http,
    cases_wsi,
)
CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_the_rule_is_kept(case: Case, url: str) -> None:
    check(case, exchange(url, case.sent), url)


def test_a_client_that_asks_first_is_told_to_continue(url: str) -> None:
    [asking] = [case for case in CASES if case.rule == "soap12-p2-7.2-continue"]

    assert exchange(url, asking.sent).continued


@pytest.mark.parametrize(("body", "status"), [(place(), 200), ("", 400)], ids=["answered", "refused"])
def test_a_connection_carries_many_messages(body: str, status: int, url: str) -> None:
    answers = exchange_twice(url, sent(envelope(body)))

    assert [answer.status for answer in answers] == [status, status]


def test_each_case_has_an_id_of_its_own_that_names_its_section() -> None:
    rules = [case.rule for case in CASES]

    assert len(set(rules)) == len(rules)
    assert [
        rule for rule in rules if not re.match(r"(soap12-p[12]-(\d[\d.]*|A)|soap11-\d[\d.]*|wsi-bp11-R\d{4})", rule)
    ] == []
