"""A customer adds data by editing a file of ``xsd/ebo/custom`` and no other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from soapkit.catalog import load
from soapkit.contract_lint import lint
from soapkit.limits import parse
from tests.contract.places import ROOT, SAMPLES

XSD = "{http://www.w3.org/2001/XMLSchema}"
FORD = "http://xmlns.oracle.com/EnterpriseObjects/Core/EBO/FulfillmentOrder/V1"
OURS = "http://xmlns.oracle.com/EnterpriseObjects/Core/Custom/EBO/FulfillmentOrder/V1"
CUSTOM = Path("xsd/ebo/custom/CustomFulfillmentOrderEBO.xsd")
SUBPROCESS = "wsdl/abcs/ProcessFulfillmentOrderBillingBRMCommsAddSubProcess.wsdl"
EXTENDED = ("CustomFulfillmentOrderType", "CustomFulfillmentOrderLineType")
CAMPAIGN = """<xs:sequence>
      <xs:element name="CampaignCode" type="xs:string" minOccurs="0">
        <xs:annotation><xs:documentation>The campaign that sold it.</xs:documentation></xs:annotation>
      </xs:element>
    </xs:sequence>"""


@pytest.fixture
def customised(tmp_path: Path) -> Path:
    """Copy the contracts and let order and line carry a CampaignCode."""
    for directory in ("wsdl", "xsd"):
        shutil.copytree(ROOT / directory, tmp_path / directory)
    text = (tmp_path / CUSTOM).read_text()
    for name in EXTENDED:
        before, found, after = text.partition(f'<xs:complexType name="{name}">')
        text = before + found + after.replace("<xs:sequence/>", CAMPAIGN, 1)
    (tmp_path / CUSTOM).write_text(text)
    return tmp_path


def _with_campaign(sample: str) -> etree._Element:
    root = parse((SAMPLES / sample).read_bytes())
    order = "ProcessFulfillmentOrderBilling"
    for holder in root.iter(*(f"{{{FORD}}}{name}" for name in ("FulfillmentOrderLine", order, f"{order}Response"))):
        custom = etree.SubElement(holder, f"{{{FORD}}}Custom")
        etree.SubElement(custom, f"{{{OURS}}}CampaignCode").text = "XMAS"
    return root


@pytest.mark.parametrize("what", ["", ".response", ".subprocess", ".subprocess.response"])
def test_data_added_to_order_and_line_is_valid_in_each_message(what: str, customised: Path) -> None:
    message = _with_campaign(f"process_fulfillment_order_billing.add.initiate{what}.xml")

    assert load(customised / SUBPROCESS).check(message) == ()


def test_without_the_edit_the_data_is_refused() -> None:
    message = _with_campaign("process_fulfillment_order_billing.add.initiate.xml")

    found = {violation.text for violation in load(SUBPROCESS).check(message)}

    assert found == {"Custom: Element content is not allowed, because the content type is empty"}


def test_the_edited_contracts_pass_the_lint(customised: Path) -> None:
    assert lint([customised / "wsdl", customised / "xsd"]) == ()


def _types(file: Path) -> Iterator[tuple[str, list[etree._Element]]]:
    for found in parse(file.read_bytes()).iterfind(f"{XSD}complexType"):
        yield found.get("name", ""), [*found.iter(f"{XSD}element")]


def test_every_component_of_the_order_ends_with_its_own_custom_element() -> None:
    for name, elements in _types(ROOT / "xsd/ebo/FulfillmentOrderEBO.xsd"):
        assert (name, elements[-1].get("name"), elements[-1].get("type", "")[:13]) == (name, "Custom", "custom:Custom")


@pytest.mark.parametrize("file", sorted((ROOT / "xsd/ebo/custom").glob("*.xsd")), ids=lambda file: file.stem)
def test_custom_types_are_delivered_empty_and_each_is_used(file: Path) -> None:
    users = [path for path in (ROOT / "xsd").rglob("*.xsd") if path != file]
    used = {element.get("type") for path in users for _, elements in _types(path) for element in elements}
    for name, elements in _types(file):
        assert (name, elements, f"custom:{name}" in used) == (name, [], True)
