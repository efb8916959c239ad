"""What is delivered while a partner's own word is being received: nothing, until it is known whose word it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import Disconnected, SiebelRefused, SiebelSaid
from gateway.messaging.queues import State
from tests.cut.landscape import Site, landscape
from tests.cut.test_two_way import TWO_WAY, P, change, edit, known


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with landscape(tmp_path, {P: TWO_WAY}) as made:
        yield made


def test_a_delivery_is_put_off_while_a_message_about_its_record_is_received(site: Site) -> None:
    row_id, other = known(site), known(site)

    def meanwhile() -> None:
        """Let Siebel have the partner's value, and tell it, before the gateway has noted that it is the partner's."""
        change(site, row_id, Name="Ada Jones")
        change(site, other, Name="Bob")
        for _ in range(2):
            site.step()

    site.meddled.first.append(meanwhile)
    edit(site, row_id, Name="Ada Jones")
    assert [record["Name"] for record in site.partner.records()] == ["Bob"]
    assert len(site.messages(State.WAITING)) == 1
    site.work()
    assert site.partner.records() == []
    assert site.conflicts(row_id) == []
    edit(site, row_id, "1", Name="Ada Smith")
    assert site.read("Account", row_id)["Name"] == "Ada Smith"


def test_a_message_that_does_not_say_which_record_it_means_puts_off_every_delivery(site: Site) -> None:
    row_id = known(site)

    def meanwhile() -> None:
        change(site, row_id, Name="Ada Jones")
        site.step()

    site.meddled.first.append(meanwhile)
    account = {"AccountNumber": "ACC-77", "Name": "Carol", "ListOfCutAddress": []}
    site.receive("Account", account, Source_spcSystem=P)
    assert site.partner.records() == []
    site.work()
    assert [record["Name"] for record in site.partner.records()] == ["Ada Jones"]


def test_what_siebel_took_without_answering_is_not_told_to_the_partner_that_said_it(site: Site) -> None:
    row_id = known(site)
    said = {"Source_spcSystem": P, "Message_spcId": "M-1"}

    def lost() -> None:
        """Take it, and give no answer."""
        site.write("Account", {"Id": row_id, "Name": "Ada Jones"})
        raise Disconnected("no answer")

    site.meddled.first.append(lost)
    assert site.refused("Account", {"Id": row_id, "Name": "Ada Jones"}, **said)
    site.tell("Account", row_id)
    site.work()
    assert site.partner.records() == []
    site.receive("Account", {"Id": row_id, "Name": "Ada Jones"}, **said)
    edit(site, row_id, "1", Name="Ada Smith")
    assert (site.read("Account", row_id)["Name"], site.conflicts(row_id)) == ("Ada Smith", [])


def test_what_siebel_did_not_take_is_forgotten_once_the_partner_is_told_something_else(site: Site) -> None:
    row_id = known(site)

    def refused() -> None:
        raise Disconnected("no connection")

    site.meddled.first.append(refused)
    assert site.refused("Account", {"Id": row_id, "Name": "Ada Jones"}, Source_spcSystem=P)
    for name in ("Ada Smith", "Ada Jones"):
        change(site, row_id, Name=name)
        site.work()
    assert [record["Name"] for record in site.partner.records()] == ["Ada Smith", "Ada Jones"]


def test_what_a_partner_was_found_to_have_said_is_known_although_it_is_not_told(site: Site) -> None:
    row_id = known(site)

    def lost() -> None:
        change(site, row_id, Name="Ada Jones")
        raise Disconnected("no answer")

    site.meddled.first.append(lost)
    assert site.refused("Account", {"Id": row_id, "Name": "Ada Jones"}, Source_spcSystem=P)
    site.work()
    assert site.partner.records() == []
    change(site, row_id, Name="Ada")
    site.work()
    assert [record["Name"] for record in site.partner.records()] == ["Ada"]


def test_what_siebel_refused_is_told_when_siebel_has_it_after_all(site: Site) -> None:
    row_id = known(site)

    def refused() -> None:
        raise SiebelRefused((SiebelSaid("SBL-DAT-00225", "", "no"),))

    site.meddled.first.append(refused)
    assert site.refused("Account", {"Id": row_id, "Name": "Ada Jones"}, Source_spcSystem=P)
    change(site, row_id, Name="Ada Jones")
    site.work()
    assert [record["Name"] for record in site.partner.records()] == ["Ada Jones"]
