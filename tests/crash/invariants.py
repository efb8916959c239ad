"""COMMIT.md's invariants: BRM is read over SOAP, past the gateway, and the gateway's database in SQL, past its code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.crash.brm import COMMON, Account
from tests.crash.site import LOCAL, ORDERS, RESPONSES, Site, bare

INSTALLED = ("/service", "/purchased_product", "/purchased_discount")
FORMAT = 0x4F3243
"""The first part of the gateway's TRANS_IDs; then the gateway, the intake number and the attempt; then the BRM."""

NOTHING: Counter[tuple[str, str]] = Counter({("balance", "0"): 1})
"""The effect of no order at all."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must have come of the messages on one account: their final states, in their order, and their effect in BRM.

    ``outcomes`` says of a message how often it came to an end: each end has its response.
    """

    account: Account
    states: Sequence[str]
    effect: Counter[tuple[str, str]]
    outcomes: Mapping[int, int] = field(default_factory=dict)


def hold(site: Site, *expected: Expected) -> None:
    """Check that all invariants hold, the gateway being at rest with nobody working on it."""
    assert not any(worker.alive for worker in site.workers)
    _nothing_is_left(site)
    _brm_has_forgotten(site)
    _rows_point_at_objects(site)
    for each in expected:
        _effects_are_there_once(site, each)
        _objects_have_their_rows(site, each.account)
        _outcomes_have_their_response(site, each)


def _nothing_is_left(site: Site) -> None:
    """No decision to commit, nothing claimed or held, nothing prepared, no alarm.

    A decision to abort may stand: recovery in a last process that knew of BRM's list from before the end, and was
    stopped by the test before its sweep. What it would have aborted must be gone from BRM then.
    """
    assert site.rows("select * from decision where verdict <> 'abort'") == []
    states = {row.state for row in site.rows("select distinct state from message")}
    assert states <= {"waiting", "done", "error", "discarded"}
    [gateway] = site.rows("select id from gateway")
    assert [name for name in site.brm.prepared() if gateway.id in name] == []
    assert site.rows("select * from fallout where kind <> 'order failed'") == []


def _brm_has_forgotten(site: Site) -> None:
    """BRM remembers no transaction that is over; one without prepared transactions has no need to be told."""
    if site.mode == LOCAL:
        return
    [gateway] = site.rows("select id from gateway")
    names = [
        f"{FORMAT},{gateway.id}{message.intake:016x}{attempt:08x},{b'BRM_01'.hex()}"
        for message in site.rows("select intake, attempt from message where queue = :queue", queue=ORDERS)
        for attempt in range(1, message.attempt + 1)
    ]
    assert [name for name in names if site.brm.remembers(name)] == []


def _rows_point_at_objects(site: Site) -> None:
    rows = site.rows("select value from xref where column_name = 'BRM_01'")
    assert [row.value for row in rows if not site.brm.exists(row.value)] == []


def _effects_are_there_once(site: Site, expected: Expected) -> None:
    account = expected.account
    messages = "select state from message where queue = :queue and account = :account order by intake"
    states = [row.state for row in site.rows(messages, queue=ORDERS, account=account.customer.account)]
    assert states == list(expected.states)
    assert site.brm.effect(account) == expected.effect
    assert not site.brm.locked(account)


def _objects_have_their_rows(site: Site, account: Account) -> None:
    made = {
        str(each[COMMON]): bare(each["POID"])
        for storable_class in INSTALLED
        for each in site.brm.made_on(account, storable_class)
    }
    rows = site.rows("select common, value from xref where table_name = 'INSTALLEDPRODUCT_ID'")
    assert {row.common: row.value for row in rows if account.customer.number in row.common} == made


def _outcomes_have_their_response(site: Site, expected: Expected) -> None:
    messages = "select intake from message where queue = :queue and account = :account"
    answers = "select state from message where queue = :queue and origin = :intake"
    for row in site.rows(messages, queue=ORDERS, account=expected.account.customer.account):
        released = [answer.state for answer in site.rows(answers, queue=RESPONSES, intake=row.intake)]
        assert released == ["waiting"] * expected.outcomes.get(row.intake, 1)
