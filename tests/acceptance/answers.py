"""Answers of the gateway, read as a partner reads them: every one is checked against the published contract."""

from __future__ import annotations

from dataclasses import dataclass

import urllib3
from lxml import etree

from soapkit.catalog import Contract, load
from tests.acceptance.orders import CORE, FORD

BILLING = "ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl"
ADD = "ProcessFulfillmentOrderBillingBRMCommsAddSubProcess"
CONSUMER = "ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer"
PRODUCER = "ProcessFulfillmentOrderBillingResponseOSMCFSCommsJMSProducer"
SERVICES = (BILLING, ADD, CONSUMER, PRODUCER)
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"

Reply = tuple[int, etree._Element]


@dataclass(frozen=True, slots=True)
class Told:
    """A fault, read: the SOAP code and text, the AIA code and all texts, and all of it as text."""

    code: str
    text: str
    reason: str
    texts: tuple[str, ...]
    whole: str
    element: etree._Element

    @classmethod
    def read(cls, fault: etree._Element, service: str = BILLING) -> Told:
        """Read ``<soap:Fault>``; its detail must be a valid corecom:Fault."""
        (detail,) = fault.iterfind("detail/*")
        assert detail.tag == f"{{{CORE}}}Fault"
        assert contract(service).check(detail) == ()
        message = detail.find(".//{*}FaultMessage")
        assert message is not None
        texts = tuple(each.text or "" for each in message.iterfind("{*}Text"))
        told = (fault.findtext("faultcode", "").rpartition(":")[2], fault.findtext("faultstring", ""))
        return cls(*told, message.findtext("{*}Code", ""), texts, etree.tostring(fault).decode(), detail)


def statuses(response: etree._Element) -> list[tuple[str, str]]:
    """Status code and description of each line."""
    found = response.iterfind(".//{*}FulfillmentOrderLine/{*}Status")
    return [(each.findtext("{*}Code", ""), each.findtext("{*}Description", "")) for each in found]


def poids(response: etree._Element) -> dict[str, str]:
    """Give COMMON id of the asset → BRM's identifier, of the lines that have one."""
    found = {}
    for key in response.iterfind(".//{*}InstalledProductIdentification"):
        value = key.find(f"{{{CORE}}}ApplicationObjectKey/{{{CORE}}}ID")
        if value is not None:
            assert value.get("schemeAgencyID") == "BRM_01"
            found[key.findtext("{*}BusinessComponentID", "")] = value.text or ""
    return found


def header(response: etree._Element, path: str) -> str | None:
    """Text of an element of the EBM header: ``Sender/ID``."""
    steps = "/".join(f"{{{CORE}}}{step}" for step in ("EBMHeader", *path.split("/")))
    return response.findtext(steps)


def custom_texts(response: etree._Element) -> list[str]:
    """Tell what stands in Custom elements."""
    return ["".join(map(str, each.itertext())).strip() for each in response.iter(f"{{{FORD}}}Custom")]


def bare(poid: object) -> str:
    """Give a POID without its revision."""
    return " ".join(str(poid).split()[:3])


def contract(service: str) -> Contract:
    """Give the published contract of a service."""
    return load(f"wsdl/abcs/{service}.wsdl")


def wrapped(body: bytes) -> bytes:
    """Put a body into a SOAP 1.1 envelope."""
    content = body.partition(b"?>")[2] if body.startswith(b"<?xml") else body
    return b'<s:Envelope xmlns:s="%s"><s:Body>%s</s:Body></s:Envelope>' % (SOAP.strip("{}").encode(), content)


def post(url: str, body: bytes, action: str = "") -> Reply:
    """Post a SOAP body, as any client would."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
    answer = urllib3.request("POST", url, body=wrapped(body), headers=headers, retries=False, timeout=60)
    if not answer.data.strip():
        return answer.status, etree.Element("nothing")
    found = etree.fromstring(answer.data).find(f"{SOAP}Body")
    return answer.status, etree.Element("nothing") if found is None or not len(found) else found[0]


def canonical(element: etree._Element) -> bytes:
    """Give the bytes that are the same for the same content."""
    return etree.tostring(element, method="c14n", exclusive=True)
