"""How the interoperability tests look into Siebel, and fill it, without any toolkit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from xml.sax.saxutils import escape

import urllib3
from lxml import etree

from soapkit.limits import parse

Element = etree._Element

CONTROL_TOKEN = "of-use-to-seeds"  # noqa: S105 - the control API of a test
SEEDS = Path(__file__).parent / "siebel_seeds.json"
NAMES = ("account_row", "order_row", "work_order_row", "ticket_row", "phone_row")
"""What messages call the row ids of the seeded records, in the order of the seeds."""
SERVICES = {"PhoneNumber": "CUTSampleAsset"}
"""Siebel's own services that are not called like the object."""

_NAMESPACE = "http://siebel.com/asi/"
_QUERY = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
<{0}QueryByExample_Input xmlns="http://siebel.com/asi/">
<{1} xmlns="{2}"><{3}><IntegrationId>{4}</IntegrationId></{3}></{1}>
</{0}QueryByExample_Input></e:Body></e:Envelope>"""


def seed(url: str) -> Mapping[str, str]:
    """Make the records that messages ask for; return their row ids by the names that messages have for them."""
    headers = {"Authorization": f"Bearer {CONTROL_TOKEN}", "Content-Type": "application/json"}
    answer = urllib3.request("POST", f"{url}/control/seed", body=SEEDS.read_bytes(), headers=headers, retries=False)
    assert answer.status < 300, answer.data.decode()
    made = cast("list[list[dict[str, Any]]]", json.loads(answer.data))
    return {name: records[0]["Id"] for name, records in zip(NAMES, made, strict=True)}


def record(url: str, message: Element) -> Element:
    """Read the record that a CUT Receive message wrote: its list, found by the integration id of its root."""
    sent = list_in(message)
    name = etree.QName(sent)
    root = etree.QName(sent[0])
    key = sent[0].findtext(f"{{{name.namespace}}}IntegrationId") or ""
    called = etree.QName(message).localname.removeprefix("CUTReceive").removesuffix("Data_Input")
    service = SERVICES.get(called, f"CUTSample{called}")
    body = _QUERY.format(service, name.localname, name.namespace, root.localname, escape(key))
    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"document/{_NAMESPACE}:{service}QueryByExample"',
    }
    answer = urllib3.request("POST", f"{url}/services/{service}", body=body.encode(), headers=headers, retries=False)
    assert answer.status == 200, answer.data.decode()
    return list_in(parse(answer.data))


def list_in(message: Element) -> Element:
    """Give the list of an integration object in a message."""
    return next(each for each in message.iter("{*}*") if etree.QName(each).localname.startswith("ListOfCutSample"))


def missing(sent: Element, held: Element) -> list[str]:
    """Tell what of a written list is not held: every text of it, below the same path, in any order and amount."""
    told = set(_texts(held, ""))
    return [f"{path} = {text}" for path, text in _texts(sent, "") if (path, text) not in told]


def _texts(element: Element, above: str) -> Iterator[tuple[str, str]]:
    path = f"{above}/{etree.QName(element).localname}"
    if not len(element):
        yield path, element.text or ""
    for child in element.iterchildren("{*}*"):
        yield from _texts(child, path)
