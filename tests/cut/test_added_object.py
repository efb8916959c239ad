"""An object that `o2c cut add` has written is served from end to end: by Siebel, by the gateway, for a subscriber."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from lxml import etree

from gateway.cut.scaffold import Field, Kind, Scaffold, draft, scaffold
from siebel_sim.server import build
from siebel_sim.settings import Settings
from soapkit.server import running
from tests.cut.site import Site, control_token, records, site

FIELDS = (Field("Read At", Kind.DATETIME), Field("Reading", Kind.NUMBER))
KEY = "MeterReading"


@pytest.fixture
def added(tmp_path: Path) -> Scaffold:
    return scaffold(draft("Meter Reading", FIELDS), tmp_path / "contracts")


@pytest.fixture
def siebel(added: Scaffold, tmp_path: Path) -> Iterator[str]:
    """Run a simulator into whose folder the object's own contract of Siebel is dropped; its address."""
    drop = (added.directory / added.siebel_wsdl).parent
    given = {"url": f"sqlite:///{tmp_path / 'siebel.sqlite'}", "drop": drop, "control_token": control_token()}
    with ExitStack() as stack:
        yield stack.enter_context(
            running(
                lambda address: stack.enter_context(
                    closing(build(Settings.model_validate(given | {"public_url": address})))
                )
            )
        )


@pytest.fixture
def gateway(added: Scaffold, siebel: str, tmp_path: Path) -> Iterator[Site]:
    """Run a gateway whose settings have the row that the command prints, and a subscriber on a queue."""
    cut = tomllib.loads(added.settings)["cut"] | {
        "subscribers": {"METERS": {"queue": "METERS_IN", "objects": ["Meter Reading"]}}
    }
    with site(f"sqlite:///{tmp_path / 'gateway.db'}", siebel, cut) as made:
        yield made


def test_the_sample_is_received_got_and_found(gateway: Site, added: Scaffold) -> None:
    sample = etree.parse(added.directory / added.sample).getroot()

    answer = gateway.call(KEY, "Receive", sample[0])
    row_id = answer.findtext("{*}Object_spcId") or ""
    found = gateway.call(KEY, "Get", SearchSpec="[Reading] > 12 AND [Status] = 'Open'")

    assert row_id
    assert gateway.get(KEY, row_id)["ReadAt"] == "03/01/2026 09:30:00"
    assert [each["Id"] for each in records(gateway.objects[KEY], found)] == [row_id]


def test_what_siebel_refuses_is_told_with_its_own_words_and_the_step(gateway: Site) -> None:
    about = gateway.objects[KEY]
    unnumbered = etree.Element(about.list_element)
    record = etree.SubElement(unnumbered, f"{{{about.namespace}}}{about.root}")
    etree.SubElement(record, f"{{{about.namespace}}}IntegrationId").text = "M-1"

    stack = gateway.refused(KEY, "Receive", unnumbered)

    assert "step 'Update Meter Reading'" in stack[0][1]
    assert "SBL-DAT-00498" in [code for code, _ in stack]


def test_a_change_that_siebel_tells_reaches_the_subscribers_queue(gateway: Site) -> None:
    row_id = gateway.receive(KEY, MeterReadingNumber="M-1", Reading="7")

    gateway.tell(KEY, "1-TOLD", Id=row_id, MeterReadingNumber="M-1", Reading="7")
    gateway.work_on("CUT_OUT_METERS")

    [body] = gateway.bodies("METERS_IN")
    assert body.findtext(".//{*}Reading") == "7"
