"""The plain values of messaging: retry decisions, transaction names, kept effects, covered numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.ledger import LineKey, LineRecord
from gateway.domain.poid import bare, base_class, poid_order
from gateway.domain.xref import XrefRow
from gateway.errors import BrmRefused, GatewayError, Kind, Superseded, Unavailable
from gateway.messaging import effects
from gateway.messaging.consumer import QueueRoute
from gateway.messaging.effects import Outcome
from gateway.messaging.masking import mask
from gateway.messaging.queues import QueueView, Reason, State
from gateway.messaging.retry import GiveUp, RetryIn, RetryPolicy
from gateway.messaging.steps import POINTS, NoBarrier, Step
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.unit import Effects, Reply, RequestKey
from tests.doubles.orders import OrderService, by_account, order

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
ROWS = st.builds(XrefRow, NAMES, NAMES, NAMES, NAMES)
RECORDS = st.builds(LineRecord, st.builds(LineKey, NAMES, NAMES, NAMES, NAMES), NAMES, NAMES, NAMES, NAMES)
EFFECTS = st.builds(
    Effects,
    result=st.binary(max_size=20),
    xref_populate=st.lists(ROWS, max_size=3).map(tuple),
    xref_delete=st.lists(ROWS, max_size=3).map(tuple),
    lines=st.lists(RECORDS, max_size=3).map(tuple),
    replies=st.lists(st.builds(Reply, NAMES, st.binary(max_size=20)), max_size=2).map(tuple),
)


def test_retries_double_up_to_the_longest_and_end() -> None:
    policy = RetryPolicy(attempts=5, first=timedelta(seconds=2), longest=timedelta(seconds=10))
    answers = [policy.decide(tries, Unavailable("busy")) for tries in range(1, 6)]
    delays = [timedelta(seconds=seconds) for seconds in (2, 4, 8, 10)]
    assert [*map(RetryIn, delays), GiveUp()] == answers


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (BrmRefused("no", opcode="X"), True),
        (Superseded("other"), True),
        (GatewayError("?"), False),
        (KeyError("bug"), False),
    ],
)
def test_the_disposition_decides_before_the_count(error: Exception, *, final: bool) -> None:
    assert isinstance(RetryPolicy().decide(1, error), GiveUp) is final


def test_one_try_more_than_allowed_is_a_try_that_nobody_survived() -> None:
    assert [RetryPolicy(attempts=3).exhausted(tries) for tries in (3, 4)] == [False, True]


@given(st.binary(min_size=8, max_size=8), st.integers(1, 2**63 - 1), st.integers(1, 2**31), NAMES)
def test_transaction_ids_read_back(gateway: bytes, intake: int, attempt: int, brm: str) -> None:
    made = TransactionId(gateway.hex(), intake, attempt, brm)
    assert TransactionId.parse(str(made)) == made


def test_a_transaction_id_is_format_gtrid_bqual() -> None:
    made = str(TransactionId("00ff00ff00ff00ff", 7, 2, "BRM_01"))
    assert made == "5190211,00ff00ff00ff00ff000000000000000700000002,42524d5f3031"


@pytest.mark.parametrize(
    "foreign", ["", "x", "1,2", "5190211,zz,42", "5190211,00,42", "1,00ff00ff00ff00ff,42", "5190211,,"]
)
def test_other_peoples_transaction_ids_are_told_apart(foreign: str) -> None:
    assert TransactionId.parse(foreign) is None


@given(EFFECTS)
def test_kept_effects_read_back(finished: Effects) -> None:
    outcome = Outcome(RequestKey("s", "e", "o"), finished)
    assert effects.decode(effects.encode(outcome)) == outcome
    assert effects.decode_rows(effects.encode_rows(finished.xref_delete)) == finished.xref_delete


@pytest.mark.parametrize(
    ("xml", "covered"),
    [
        (b"<DEBIT_NUM>4111111111111111</DEBIT_NUM>", b"<DEBIT_NUM>************1111</DEBIT_NUM>"),
        (b'<b:CARD_NUM x="1">4111111111111111</b:CARD_NUM>', b'<b:CARD_NUM x="1">************1111</b:CARD_NUM>'),
        (b"<AccountNumber>DE02</AccountNumber>", b"<AccountNumber>****</AccountNumber>"),
        (b"<CVV2>123</CVV2>", b"<CVV2>****</CVV2>"),
        (b"<PASSWD_CLEAR>s3cret and long</PASSWD_CLEAR>", b"<PASSWD_CLEAR>****</PASSWD_CLEAR>"),
        (b"<CARD_NUM><![CDATA[4111111111111111]]></CARD_NUM>", b"<CARD_NUM>****</CARD_NUM>"),
        (b"<CARD_NUM>4111111111111111", b"<CARD_NUM>************1111"),
    ],
)
def test_card_and_bank_numbers_are_covered(xml: bytes, covered: bytes) -> None:
    assert mask(xml) == covered


@pytest.mark.parametrize(
    "xml", [b"<ACCOUNT_NO>0001</ACCOUNT_NO>", b"<ACCOUNT_OBJ>1</ACCOUNT_OBJ>", b"<CARD_NUM/><A>1</A>"]
)
def test_other_elements_are_left_alone(xml: bytes) -> None:
    assert mask(xml) == xml


def test_an_error_queue_is_a_view_on_its_queue() -> None:
    assert QueueView.named("AIA_CRTBO_OUT_JMSQ_ErrorQ") == QueueView("AIA_CRTBO_OUT_JMSQ", (State.ERROR,))
    assert QueueView.named("AIA_CRTBO_OUT_JMSQ").states == tuple(State)


def test_a_reason_tells_an_error_and_hides_a_bug() -> None:
    assert Reason.of(BrmRefused("no", opcode="X", element="/a")) == Reason("BRM_REFUSED", "no", Kind.BUSINESS, "/a")
    assert Reason.of(KeyError("secret")).text == "internal error (KeyError)"


def test_a_message_whose_group_cannot_be_read_is_put_without_one() -> None:
    route = QueueRoute("Q", OrderService(), by_account)
    assert route.draft(order("1-1", "a")).group == "acct-1"
    assert route.draft(b"<not/>").group is None


def test_poids_sort_by_number_and_lose_their_revision() -> None:
    poids = ["0.0.0.1 /account 100 3", "0.0.0.1 /account 9", "0.0.0.1 /account 20 1"]
    assert [bare(poid).split()[2] for poid in sorted(poids, key=poid_order)] == ["9", "20", "100"]


@pytest.mark.parametrize(
    ("poid", "expected"),
    [("0.0.0.1 /service/telco/gsm 12 0", "/service"), ("0.0.0.1 /account 1", "/account"), ("x", None), ("a b c", None)],
)
def test_a_poids_class_is_searched_at_its_root(poid: str, expected: str | None) -> None:
    assert base_class(poid) == expected


def test_every_step_has_two_points_and_production_passes_them() -> None:
    assert len(POINTS) == 2 * len(Step)
    for point in POINTS:
        NoBarrier().reached(point)
