"""Deliveries: durable, in order per record, the same message id at each try, one subscriber's trouble nobody else's."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from gateway.messaging.attempt import Ending
from gateway.messaging.queues import State
from soapkit.faults import Fault, FaultCode
from soapkit.transport import call_wsgi
from soapkit.wss.names import WSSE
from tests.cut.partner import Partner, hangs_up
from tests.cut.site import ADDRESS, Site, records, site

NOWHERE = "http://127.0.0.1:9"
ONE = {"Id": "1-A", "Name": "Smith Ltd", "Location": "Leeds"}
OUT = "CUT_OUT_OSM_01"
SERVICE = "/services/{service}"


@contextmanager
def told(database: str, partner: Partner, *, more: Mapping[str, Any] | None = None, **own: Any) -> Iterator[Site]:
    """Run a gateway that tells a partner (OSM_01) of changes; ``more`` are further subscribers."""
    subscriber = {"url": f"{partner.address}{SERVICE}", **own}
    cut = {"subscribers": {"OSM_01": subscriber, **(more or {})}, "retry_attempts": 3}
    with site(database, NOWHERE, cut) as made:
        yield made


def test_a_subscriber_receives_the_change_with_the_number_of_its_delivery(
    database_url: str, back_office: Partner
) -> None:
    with told(database_url, back_office) as gateway:
        gateway.tell("Account", "42-1", **ONE)
        [stored] = gateway.messages(OUT)
        assert gateway.work_on(OUT) == [Ending.DONE]
        [came] = back_office.told
        assert etree.QName(came).localname == "CUTReceiveAccountData_Input"
        assert records(gateway.objects["Account"], came) == [ONE]
        assert came.findtext("{*}Message_spcId") == str(stored.intake)
        assert came.findtext("{*}Source_spcSystem") == "SEBL_01"


def test_every_try_has_the_same_message_id_and_waits_longer(database_url: str, back_office: Partner) -> None:
    with told(database_url, back_office) as gateway:
        back_office.trouble = hangs_up()
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.RETRY]
        assert gateway.work_on(OUT) == []
        gateway.clock.advance(timedelta(seconds=2))
        assert gateway.work_on(OUT) == [Ending.RETRY]
        gateway.clock.advance(timedelta(seconds=5))
        assert gateway.work_on(OUT) == []
        back_office.trouble = None
        gateway.clock.advance(timedelta(seconds=2))
        assert gateway.work_on(OUT) == [Ending.DONE]
    assert len(back_office.message_ids()) == 3
    assert len(set(back_office.message_ids())) == 1


def test_what_is_not_taken_goes_to_the_subscribers_error_queue_with_an_alarm(
    database_url: str, back_office: Partner
) -> None:
    with told(database_url, back_office, more={"B": {"queue": "OUT_B"}}) as gateway:
        back_office.trouble = Fault(FaultCode.SERVER, "out of order")
        gateway.tell("Account", **ONE)
        endings = []
        for _ in range(3):
            endings += gateway.work_on(OUT)
            gateway.clock.advance(timedelta(hours=1))
        assert endings == [Ending.RETRY, Ending.RETRY, Ending.ERROR]
        [failed] = gateway.messages(f"{OUT}_ErrorQ")
        assert failed.reason is not None
        assert (failed.reason.code, "out of order" in failed.reason.text) == ("O2C_SUBSCRIBER_UNAVAILABLE", True)
        [alarm] = gateway.gateway.admin.alarms()
        assert (alarm.kind.value, f"{OUT}_ErrorQ" in alarm.text) == ("message given up", True)
        assert gateway.work_on("CUT_OUT_B") == [Ending.DONE]


def test_a_resubmitted_delivery_goes_again_under_its_number_and_its_alarm_ends(
    database_url: str, back_office: Partner
) -> None:
    with told(database_url, back_office) as gateway:
        back_office.trouble = Fault(FaultCode.CLIENT, "no such account")
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.ERROR]
        [failed] = gateway.messages(f"{OUT}_ErrorQ")
        back_office.trouble = None
        gateway.gateway.admin.resubmit([failed.intake])
        assert gateway.gateway.admin.alarms() == []
        assert gateway.work_on(OUT) == [Ending.DONE]
    assert back_office.message_ids() == [str(failed.intake)] * 2


def test_an_answer_that_says_it_failed_is_a_refusal(tmp_path: Any, back_office: Partner) -> None:
    with told(f"sqlite:///{tmp_path / 'g.db'}", back_office) as gateway:
        back_office.error = ("SBL-EAI-04397", "no user key")
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.ERROR]
        [failed] = gateway.messages(f"{OUT}_ErrorQ")
        assert failed.reason is not None
        assert (failed.reason.code, "SBL-EAI-04397" in failed.reason.text) == ("O2C_SUBSCRIBER_REFUSED", True)


def test_credentials_that_are_refused_are_the_operators_to_mend_not_the_messages_fault(
    tmp_path: Any, back_office: Partner
) -> None:
    with told(f"sqlite:///{tmp_path / 'g.db'}", back_office) as gateway:
        back_office.trouble = Fault(FaultCode.CLIENT, "who are you?", subcode=f"{{{WSSE}}}FailedAuthentication")
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.RETRY]


def test_changes_of_one_record_wait_for_each_other_and_others_do_not(database_url: str, back_office: Partner) -> None:
    with told(database_url, back_office) as gateway:
        back_office.trouble = hangs_up()
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.RETRY]
        back_office.trouble = None
        gateway.tell("Account", **ONE | {"Name": "Later"})
        gateway.tell("Account", **ONE | {"Id": "1-B"})
        assert gateway.work_on(OUT) == [Ending.DONE]
        gateway.clock.advance(timedelta(seconds=3))
        assert gateway.work_on(OUT) == [Ending.DONE, Ending.DONE]
        about = gateway.objects["Account"]
        names = [(each["Id"], each["Name"]) for came in back_office.told[1:] for each in records(about, came)]
    assert names == [("1-B", "Smith Ltd"), ("1-A", "Smith Ltd"), ("1-A", "Later")]


def test_a_slow_subscriber_delays_nobody_else(tmp_path: Any, back_office: Partner) -> None:
    with told(f"sqlite:///{tmp_path / 'g.db'}", back_office, more={"B": {"queue": "OUT_B"}}) as gateway:
        back_office.slow = True
        worker = gateway.gateway.worker()
        worker.start()
        gateway.tell("Account", **ONE)
        gateway.tell("Account", **ONE | {"Id": "1-B"})
        assert back_office.entered.wait(30)
        for _ in range(3000):
            if len(gateway.bodies("OUT_B")) == 2 or gateway.gateway.pause.pause(timedelta(milliseconds=10)):
                break
        assert len(gateway.bodies("OUT_B")) == 2
        assert back_office.told == []
        back_office.closed.set()
        worker.stop()


def test_a_queue_subscriber_finds_the_same_document_on_its_queue(database_url: str) -> None:
    with site(database_url, NOWHERE, {"subscribers": {"B": {"queue": "OUT_B"}}}) as gateway:
        gateway.tell("Account", **ONE)
        [stored] = gateway.messages("CUT_OUT_B")
        assert gateway.work_on("CUT_OUT_B") == [Ending.DONE]
        [came] = gateway.bodies("OUT_B")
        about = gateway.objects["Account"]
        assert about.contract.check(came) == ()
        assert records(about, came) == [ONE]
        assert came.findtext("{*}Message_spcId") == str(stored.intake)
        taken = gateway.gateway.admin.get("OUT_B")
        assert taken is not None


def test_only_the_latest_state_is_told_to_those_who_want_no_more(database_url: str, back_office: Partner) -> None:
    with told(database_url, back_office, latest_only=True) as gateway:
        for name in ("first", "second", "third"):
            gateway.tell("Account", **ONE | {"Name": name})
        gateway.tell("Account", **ONE | {"Id": "1-B"})
        assert gateway.work_on(OUT) == [Ending.DONE] * 4
        names = [each["Name"] for came in back_office.told for each in records(gateway.objects["Account"], came)]
    assert names == ["third", "Smith Ltd"]


def test_one_that_fell_behind_asks_for_the_latest_state_only(database_url: str, back_office: Partner) -> None:
    with told(database_url, back_office) as gateway:
        back_office.trouble = Fault(FaultCode.CLIENT, "not this one")
        gateway.tell("Account", **ONE | {"Name": "refused"})
        assert gateway.work_on(OUT) == [Ending.ERROR]
        back_office.trouble = None
        back_office.told.clear()
        for name in ("second", "third"):
            gateway.tell("Account", **ONE | {"Name": name})
        gateway.tell("Account", **ONE | {"Id": "1-B"})
        desk = gateway.gateway.workflows
        assert desk is not None
        assert desk.catch_up("OSM_01") == 2
        assert [each.state for each in gateway.messages(OUT)] == [State.DISCARDED, State.DISCARDED] + [
            State.WAITING
        ] * 2
        assert gateway.gateway.admin.alarms() == []
        assert gateway.work_on(OUT) == [Ending.DONE] * 2
        names = [each["Name"] for came in back_office.told for each in records(gateway.objects["Account"], came)]
    assert names == ["third", "Smith Ltd"]


def test_catching_up_leaves_what_is_the_latest_even_if_it_was_refused(database_url: str, back_office: Partner) -> None:
    with told(database_url, back_office) as gateway:
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.DONE]
        back_office.trouble = Fault(FaultCode.CLIENT, "no")
        gateway.tell("Account", **ONE | {"Name": "latest"})
        assert gateway.work_on(OUT) == [Ending.ERROR]
        desk = gateway.gateway.workflows
        assert desk is not None
        assert desk.catch_up("OSM_01") == 0
        assert len(gateway.messages(f"{OUT}_ErrorQ")) == 1


def test_a_delivery_whose_worker_died_is_told_again_under_the_same_id(database_url: str, back_office: Partner) -> None:
    with told(database_url, back_office) as gateway:
        gateway.tell("Account", **ONE)
        now = gateway.clock.now()
        with gateway.gateway.database.begin() as work:  # a worker that took it, and was killed
            assert work.messages.claim(OUT, "dead", now, now + timedelta(seconds=60)) is not None
            work.commit()
        assert gateway.work_on(OUT) == []
        gateway.clock.advance(timedelta(seconds=61))
        assert gateway.work_on(OUT) == [Ending.DONE]
    assert len(back_office.told) == 1


@pytest.mark.parametrize("body", [b"nonsense", b"<a/>"])
def test_what_is_no_delivery_goes_to_the_error_queue(tmp_path: Any, back_office: Partner, body: bytes) -> None:
    with told(f"sqlite:///{tmp_path / 'g.db'}", back_office) as gateway:
        gateway.gateway.admin.put(OUT, body)
        assert gateway.work_on(OUT) == [Ending.ERROR]
        [failed] = gateway.messages(f"{OUT}_ErrorQ")
        assert failed.reason is not None
        assert failed.reason.code == "O2C_INVALID_MESSAGE"


def test_a_subscriber_is_proved_who_calls(tmp_path: Any, back_office: Partner) -> None:
    login = {"username": "gateway", "password": "s3cret"}
    with told(f"sqlite:///{tmp_path / 'g.db'}", back_office, security=login) as gateway:
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.DONE]
    assert back_office.authorization == [f"Basic {b64encode(b'gateway:s3cret').decode()}"]


def test_figures_tell_of_every_subscribers_queue(tmp_path: Any, back_office: Partner) -> None:
    subscribers = {"OSM_01": {"url": f"{back_office.address}{SERVICE}"}, "B": {"queue": "OUT_B"}}
    figures_for = {"metrics_token": "a token for figures"}
    database = f"sqlite:///{tmp_path / 'g.db'}"
    with site(database, NOWHERE, {"subscribers": subscribers}, telemetry=figures_for) as gateway:
        back_office.trouble = Fault(FaultCode.CLIENT, "no")
        gateway.tell("Account", **ONE)
        assert gateway.work_on(OUT) == [Ending.ERROR]
        headers = {"Authorization": "Bearer a token for figures"}
        status, _, page = call_wsgi(gateway.app, "GET", f"{ADDRESS}/metrics", headers=headers)
    assert status == 200
    figures = page.decode().splitlines()
    assert f'o2c_queue_messages{{queue="{OUT}",state="error"}} 1.0' in figures
    assert 'o2c_queue_messages{queue="CUT_OUT_B",state="waiting"} 1.0' in figures
    assert "o2c_alarms 1.0" in figures
