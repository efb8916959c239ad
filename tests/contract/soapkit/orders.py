"""The Orders contract of tests/samples/soapkit, served for tests: messages, a site, and a way to post to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import WSGIApplication

from lxml import etree

from soapkit import fault_xml
from soapkit.catalog import Contract, load
from soapkit.envelope import split
from soapkit.faults import RemoteFault
from soapkit.limits import Limits
from soapkit.server import Handler, Request, Service, application
from soapkit.service import WordFault, plain_wording
from soapkit.transport import call_wsgi
from soapkit.versions import Version

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "soapkit"
URL = "http://orders.example"
ADDRESS = f"{URL}/services/Orders"
O = "{urn:example:orders}"  # noqa: E741 - reads as the namespace prefix it stands for
SESSION = '<c:Session xmlns:c="urn:example:common"{attributes}><c:Token>t-1</c:Token></c:Session>'


def orders() -> Contract:
    return load(SAMPLES / "wsdl" / "Orders.wsdl")


def order(root: str = "PlaceOrder", *, lines: int = 2, action: str = "ADD") -> str:
    line = (
        "<Line><Id>{number}</Id><Action>{action}</Action><Product>Mobile</Product><Quantity>1</Quantity>"
        '<Price currency="GBP">12.50</Price><Start>2026-11-20T10:00:00Z</Start></Line>'
    )
    written = "".join(line.format(number=number, action=action) for number in range(1, lines + 1))
    customer = "<Customer><c:Account>a-1</c:Account><c:Name>Ada Jones</c:Name></Customer>"
    names = 'xmlns="urn:example:orders" xmlns:c="urn:example:common"'
    return f"<{root} {names}><Id>order-1</Id>{customer}{written}</{root}>"


def element(xml: str) -> etree._Element:
    return etree.fromstring(xml)


def envelope(body: str, header: str = "", *, version: Version = Version.SOAP_11) -> bytes:
    blocks = f"<soap:Header>{header}</soap:Header>" if header else ""
    opened = f'<soap:Envelope xmlns:soap="{version.value}">'
    return f"{opened}{blocks}<soap:Body>{body}</soap:Body></soap:Envelope>".encode()


def placed(order_id: str = "order-1") -> etree._Element:
    content = f"<Id>{order_id}</Id><Accepted>true</Accepted>"
    return element(f'<PlaceOrderResponse xmlns="urn:example:orders">{content}</PlaceOrderResponse>')


def order_fault(code: str, text: str) -> etree._Element:
    return element(f'<OrderFault xmlns="urn:example:orders"><Code>{code}</Code><Text>{text}</Text></OrderFault>')


def accept(request: Request) -> etree._Element:
    return placed(request.body.findtext(f"{O}Id") or "")


def echo(request: Request) -> etree._Element:
    return request.body


def forget(request: Request) -> None:  # noqa: ARG001 - a handler
    return None


def service(word_fault: WordFault = plain_wording, **handlers: Handler) -> Service:
    table: dict[str, Handler] = {"Echo": echo, "PlaceOrder": accept, "Notify": forget}
    return Service(orders(), table | handlers, word_fault=word_fault)


def site(*, limits: Limits | None = None, **handlers: Handler) -> WSGIApplication:
    return application([service(plain_wording, **handlers)], public_url=URL, limits=limits)


def plain_site() -> WSGIApplication:
    """Make the site in a worker process; a factory without arguments, found by name."""
    return site()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> etree._Element:
        return split(etree.fromstring(self.content)).body

    @property
    def fault(self) -> RemoteFault:
        return fault_xml.read(self.body)

    @property
    def header(self) -> etree._Element | None:
        return etree.fromstring(self.content).find("{*}Header")

    @property
    def code(self) -> str:
        return self.body.findtext("faultcode") or ""

    @property
    def text(self) -> str:
        return self.body.findtext("faultstring") or ""

    @property
    def detail(self) -> etree._Element | None:
        return self.body.find("detail")


def post(app: WSGIApplication, message: bytes, address: str = ADDRESS, **headers: str) -> Answer:
    sent = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(*call_wsgi(app, "POST", address, message, sent))


def post_12(app: WSGIApplication, message: bytes, address: str = ADDRESS, **headers: str) -> Answer:
    sent = {"Content-Type": "application/soap+xml; charset=utf-8"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(*call_wsgi(app, "POST", address, message, sent))


def post_as(version: Version, app: WSGIApplication, message: bytes, **headers: str) -> Answer:
    return post(app, message, Content_Type=version.content_type, **headers)


def get(app: WSGIApplication, address: str, method: str = "GET", **headers: str) -> Answer:
    return Answer(*call_wsgi(app, method, address, b"", headers))
