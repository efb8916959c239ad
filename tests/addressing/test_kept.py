"""What is kept of a request, and what happens when nothing can be kept."""

from __future__ import annotations

from hashlib import sha256

import pytest

from gateway.store.unit_of_work import SqlDatabase
from soapkit.addressing import W3C
from soapkit.exchange import Exchange
from soapkit.faults import Refused
from soapkit.module import Module
from tests.addressing.later import SOAP_11, Later, to
from tests.addressing.messages import BAD_ORDER, ID
from tests.addressing.receiver import Receiver

HERE = W3C.anonymous


def test_nothing_is_kept_of_a_message_that_is_not_valid(later: Later, partner: Receiver) -> None:
    told = later.post(SOAP_11, to(partner), body=BAD_ORDER)
    assert (told.answer.status, told.text("To")) == (500, HERE)
    assert (later.replies(), partner.received) == ([], [])


def test_no_credentials_are_kept(later: Later, partner: Receiver) -> None:
    security = '<w:Security xmlns:w="urn:example:wsse"><w:Password>s3cret-word</w:Password></w:Security>'
    later.accepted(SOAP_11, to(partner), security)
    with later.database._engine.connect() as connection:  # type: ignore[attr-defined] # SqlDatabase
        kept = str(connection.exec_driver_sql("SELECT * FROM reply").all())
    assert "order-1" in kept
    assert "s3cret-word" not in kept


def test_an_operation_with_headers_of_its_own_is_answered_on_the_connection_only(
    later: Later, partner: Receiver
) -> None:
    session = '<c:Session xmlns:c="urn:example:common"><c:Token>t-1</c:Token></c:Session>'
    told = later.post(SOAP_11, to(partner), session)
    assert told.codes == [W3C.name("OnlyAnonymousAddressSupported")]
    assert later.post(SOAP_11, session).answer.status == 200


def test_a_request_that_cannot_be_kept_is_not_accepted(later: Later, partner: Receiver, database: SqlDatabase) -> None:
    with database._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE reply RENAME TO away")
    told = later.post(SOAP_11, to(partner))
    assert told.answer.status == 500
    assert told.text("Action") == W3C.soap_fault


def test_an_answer_that_cannot_be_kept_is_given_on_the_connection(
    later: Later, partner: Receiver, database: SqlDatabase
) -> None:
    with database._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE reply RENAME TO away")
    told = later.post(SOAP_11, to(partner), SOAP_11.reference("FaultTo", HERE))
    assert (told.answer.status, told.text("RelatesTo")) == (200, ID)


@pytest.mark.parametrize("step", ["received", "dispatched"])
def test_nothing_is_kept_for_a_caller_who_is_refused(later: Later, partner: Receiver, step: str) -> None:
    class Locked(Module):
        pass

    def refuse(_self: Module, _exchange: Exchange) -> None:
        raise Refused("authentication", "Say who you are", status=401)

    setattr(Locked, step, refuse)
    locked = later.restarted(modules=(Locked(),))
    told = locked.post(SOAP_11, to(partner))
    assert (told.answer.status, told.text("To"), told.text("RelatesTo")) == (401, HERE, ID)
    assert "Key" not in told.blocks
    assert (locked.drain(), locked.replies(), partner.received) == ([], [], [])


def test_an_id_of_the_greatest_length_is_kept(later: Later, partner: Receiver) -> None:
    letters = "".join(sha256(bytes([each])).hexdigest() for each in range(16))[:1020]  # no database can shorten them
    later.post(SOAP_11, to(partner), message_id=f"urn:{letters}")
    assert later.reply.message_id == f"urn:{letters}"
    assert later.post(SOAP_11, to(partner), message_id=f"urn:{letters}x").answer.status == 500
