"""A customer adds data by editing only xsd/ebo/custom; it travels to subprocess, story and response."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3
from lxml import etree

from tests.acceptance.answers import ADD, BILLING, post
from tests.acceptance.orders import CUSTOM, FORD, Order, ebm, mobile
from tests.acceptance.processes import answering, beside, o2c, spare_port, started
from tests.acceptance.site import Site

XS = "{http://www.w3.org/2001/XMLSchema}"
ROOT = Path(__file__).parents[2]
FIELDS = {
    "CustomFulfillmentOrderType": 'name="CampaignCode" type="xs:string"',
    "CustomFulfillmentOrderLineType": 'name="Shelf" type="xs:int"',
    "CustomFulfillmentOrderItemType": 'name="Colour" type="xs:string"',
}
"""Type of the customer's file → what the customer adds to it."""


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the contracts, and edit the customer's own file."""
    copy = tmp_path_factory.mktemp("contracts")
    for directory in ("wsdl", "xsd"):
        shutil.copytree(ROOT / directory, copy / directory)
    file = copy / "xsd/ebo/custom/CustomFulfillmentOrderEBO.xsd"
    schema = etree.parse(file)
    for name, added in FIELDS.items():
        sequence = schema.find(f"{XS}complexType[@name='{name}']/{XS}sequence")
        assert sequence is not None
        sequence.append(etree.fromstring(f'<xs:element xmlns:xs="{XS.strip("{}")}" minOccurs="0" {added}/>'))
    schema.write(file, encoding="UTF-8", xml_declaration=True)
    return copy


@pytest.fixture(scope="module")
def customised(served_live: Site, contracts: Path) -> Iterator[Site]:
    """Serve a gateway that reads the customer's contracts, as a process of its own."""
    port = str(spare_port())
    env = beside(served_live, O2C_CONTRACTS_DIR=str(contracts), O2C_GATEWAY__PORT=port)
    url = f"http://127.0.0.1:{port}"
    with started("serve", env=env, cwd=contracts) as child:
        answering(f"{url}/services/", child)
        yield replace(served_live, url=url)


def order_with_custom_data(site: Site, shelf: str = "42") -> Order:
    order = mobile(site.number(), site.customer(), custom="<x:CampaignCode>XMAS</x:CampaignCode>")
    return order.with_line(order.lines[1].asset, custom=f"<x:Shelf>{shelf}</x:Shelf>")


def with_colour(order: Order) -> bytes:
    """Give the message, with data on a product too."""
    end = b"</ItemReference>"
    return ebm(order).replace(end, b"<Custom><x:Colour>blue</x:Colour></Custom>" + end, 1)


def found(element: etree._Element, name: str) -> list[str | None]:
    return [each.text for each in element.iter(f"{{{CUSTOM}}}{name}")]


def test_without_the_edit_the_data_is_refused(live: Site) -> None:
    fault = live.refused(order_with_custom_data(live))

    assert "Custom: Element content is not allowed" in fault.text


def test_with_the_edit_the_order_is_billed_and_the_response_carries_the_data(customised: Site) -> None:
    order = order_with_custom_data(customised)

    status, answer = post(f"{customised.url}/services/{BILLING}", with_colour(order))

    assert status == 200, etree.tostring(answer)
    assert (found(answer, "CampaignCode"), found(answer, "Shelf")) == (["XMAS"], ["42"])
    line = answer.find(f".//{{{FORD}}}FulfillmentOrderLine[2]/{{{FORD}}}Custom")
    assert line is not None
    assert set(customised.brm.made(order.customer)) == {each.asset for each in order.lines}


def test_the_story_shows_the_data_in_the_message_of_the_subprocess(customised: Site, contracts: Path) -> None:
    order = order_with_custom_data(customised)
    post(f"{customised.url}/services/{BILLING}", with_colour(order))
    [message] = [each for each in customised.gateway.admin.messages("", limit=10_000) if each.order == order.number]

    shown = o2c("queue", "message", str(message.intake), "--json", env=beside(customised), cwd=contracts)

    assert shown.returncode == 0, shown.stderr
    handed = [step["detail"] for step in json.loads(shown.stdout)["story"] if step["step"] == ADD and step["detail"]]
    element = etree.fromstring(handed[0].encode())
    assert element.tag.endswith("}ProcessFulfillmentOrderBillingBRMCommsSubprocessMessage")
    told = (found(element, "CampaignCode"), found(element, "Shelf"), found(element, "Colour"))
    assert told == (["XMAS"], ["42"], ["blue"])


def test_the_data_is_checked_by_the_customers_own_types(customised: Site) -> None:
    order = order_with_custom_data(customised, shelf="upper left")

    fault = customised.refused(order)

    assert "Shelf" in fault.text
    assert customised.brm.made(order.customer) == {}


def test_the_published_contract_has_the_data(customised: Site) -> None:
    url = f"{customised.url}/services/{BILLING}?xsd=xsd/ebo/custom/CustomFulfillmentOrderEBO.xsd"

    published = urllib3.request("GET", url, retries=False)

    assert (published.status, b"CampaignCode" in published.data) == (200, True)
