"""Talks to a simulator as a client does: opcodes over SOAP, the control API over HTTP; in this process or remotely."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIApplication

import urllib3
from lxml import etree

from brm_sim import flist_xml
from brm_sim.flist import Flist
from brm_sim.registry import registry
from brm_sim.shapes import NAMESPACE
from soapkit.catalog import load
from soapkit.client import Client
from soapkit.faults import RemoteFault
from soapkit.transport import Timeout, call_wsgi

TOKEN = "a token for tests"  # noqa: S105 - the control API of a test
B = f"{{{NAMESPACE}}}"

Http = Callable[[str, str, bytes, dict[str, str]], tuple[int, bytes]]


class Simulator:
    """A simulator at ``address``; in this process when ``wsgi`` is given."""

    def __init__(self, address: str, wsgi: WSGIApplication | None = None) -> None:
        self.address = address
        self._wsgi = wsgi
        self._pool = urllib3.PoolManager(retries=False, timeout=30)
        self._clients: dict[str, Client] = {}

    def call(
        self,
        opcode: str,
        flist: Flist,
        *,
        flags: int = 0,
        trans_id: str | None = None,
        read_timeout: float = 30,
    ) -> Flist:
        """Call an opcode, its fields in any order; RemoteFault with the error buffer as its detail when it refuses."""
        spec = registry().by_opcode[opcode]
        call = etree.Element(f"{B}{spec.operation}", nsmap=flist_xml.NSMAP)
        etree.SubElement(call, f"{B}flags").text = str(flags)
        call.append(flist_xml.encode(f"{opcode}_inputFlist", spec.checked(flist)))
        headers = [] if trans_id is None else [transaction_header(trans_id)]
        client, timeout = self._client(spec.operation), Timeout(5, read_timeout)
        answer = client.call(spec.operation, call, headers=headers, timeout=timeout)
        assert answer is not None
        return flist_xml.decode(answer[0], spec.output)

    def control(self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN) -> tuple[int, Any]:
        """Ask the control API; status and JSON value."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        status, content = self.http(
            method, f"/control{path}", b"" if body is None else json.dumps(body).encode(), headers
        )
        return status, json.loads(content)

    def did(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control API for something that must succeed; the JSON value."""
        status, value = self.control(method, path, body)
        assert status < 300, value
        return value

    def http(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send any HTTP request; status and content."""
        if self._wsgi is not None:
            status, _, content = call_wsgi(self._wsgi, method, self.address + path, body, headers or {})
            return status, content
        answer = self._pool.request(method, self.address + path, body=body, headers=headers or {})
        return answer.status, answer.data

    def post(self, service: str, body: str, header: str = "") -> tuple[int, etree._Element]:
        """Post any text as a SOAP body to a service; status and the first element of the body that comes back."""
        envelope = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{NAMESPACE}">
            <s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"""
        status, content = self.http("POST", service, envelope.encode(), {"Content-Type": "text/xml"})
        return status, etree.fromstring(content)[-1][0]

    def _client(self, operation: str) -> Client:
        for contract in registry().contracts:
            if any(each.name == operation for each in contract.operations):
                address = f"{self.address}/services/{contract.name}"
                return self._clients.setdefault(
                    contract.name, Client(load(f"wsdl/brm/{contract.name}.wsdl"), address, wsgi=self._wsgi)
                )
        raise KeyError(operation)


def transaction_header(trans_id: str) -> etree._Element:
    """Word the SOAP header that names a transaction."""
    header = etree.Element(f"{B}TransactionContext", nsmap=flist_xml.NSMAP)
    etree.SubElement(header, f"{B}TRANS_ID").text = trans_id
    return header


def buffer_of(fault: RemoteFault) -> dict[str, str]:
    """Read the error buffer of a fault: symbolic names by element."""
    assert fault.detail is not None
    assert fault.detail.tag == f"{B}ErrorBuffer"
    return {etree.QName(node).localname: node.text or "" for node in fault.detail}
