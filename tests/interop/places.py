"""What the interoperability tests talk to, and how they look into BRM without any toolkit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from xml.sax.saxutils import escape

import urllib3
from lxml import etree

from soapkit.limits import parse

OPCODES = "http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes"
BRM_BASE = "BRMBaseServices_v2"

_READ_OBJ = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
<pcmOpReadObj xmlns="{}"><PCM_OP_READ_OBJ_inputFlist><POID>{}</POID></PCM_OP_READ_OBJ_inputFlist></pcmOpReadObj>
</e:Body></e:Envelope>"""
_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}


@dataclass(frozen=True, slots=True)
class Site:
    """A running product that publishes services, by its URL."""

    url: str

    def wsdl(self, service: str) -> str:
        """Return where the contract of a service is published."""
        return f"{self.url}/services/{service}?wsdl"

    def services(self) -> dict[str, str]:
        """Return all services that are published: name → URL of the WSDL."""
        answer = urllib3.request("GET", f"{self.url}/services/?format=json", retries=False)
        listed = cast("dict[str, Any]", json.loads(answer.data))["services"]
        return {service["name"]: service["wsdl"] for service in listed}


@dataclass(frozen=True, slots=True)
class Running:
    """Gateway, BRM and Siebel, started. ``names`` is what messages may say of the customer that they know.

    ``queued`` returns the payloads that lie on a queue of the gateway's.
    """

    gateway: Site
    brm: Site
    siebel: Site
    names: Mapping[str, str]
    queued: Callable[[str], list[bytes]]

    def services(self) -> dict[str, str]:
        """Return all services of the three: name → URL of the WSDL."""
        return self.gateway.services() | self.brm.services() | self.siebel.services()


def read_object(brm: Site, poid: str) -> dict[str, str]:
    """Read an object of BRM: field → value, of the fields that are values. Fails on an error buffer."""
    body = _READ_OBJ.format(OPCODES, escape(poid))
    answer = urllib3.request("POST", f"{brm.url}/services/{BRM_BASE}", body=body, headers=_HEADERS, retries=False)
    assert answer.status == 200, answer.data.decode()
    flist = next(parse(answer.data).iter(f"{{{OPCODES}}}PCM_OP_READ_OBJ_outputFlist"))
    return {etree.QName(field).localname: field.text or "" for field in flist if len(field) == 0}
