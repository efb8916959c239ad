"""Addressed requests for the Orders contract, in both editions and both versions of SOAP, and how answers are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from wsgiref.types import WSGIApplication

from lxml import etree

from soapkit.addressing import SUBMISSION, W3C, Edition
from soapkit.versions import Version
from tests.contract.soapkit.orders import Answer, envelope, order, post_as, site

ACTION = "urn:example:orders:PlaceOrder"
PATTERNS = {W3C: "urn:example:orders:service:Orders_pt:", SUBMISSION: "urn:example:orders:service/Orders_pt/"}
"""The default pattern's beginning: the W3C writes colons after a URN (Metadata 1.0, 4.4.4)."""
ID = "urn:uuid:6b29fc40-ca47-1067-b31d-00dd010662da"
EDITIONS = {"2005": W3C, "2004": SUBMISSION}
VERSIONS = {"1.1": Version.SOAP_11, "1.2": Version.SOAP_12}
WAYS = [(edition, version) for edition in EDITIONS for version in VERSIONS]
BAD_ORDER = '<PlaceOrder xmlns="urn:example:orders"><Nothing/></PlaceOrder>'


@dataclass(frozen=True)
class Way:
    """One edition in one version of SOAP: how a request is written, sent and answered."""

    edition: Edition
    version: Version

    def block(self, local: str, text: str = "", attributes: str = "") -> str:
        return f'<a:{local} xmlns:a="{self.edition.namespace}" {attributes}>{text}</a:{local}>'

    def reference(self, local: str, address: str, inside: str = "") -> str:
        return self.block(local, f"<a:Address>{address}</a:Address>{inside}")

    def headers(self, *more: str, action: str | None = ACTION, message_id: str | None = ID, to: bool = True) -> str:
        """Give the headers of a whole request, and ``more``; None leaves one out."""
        wanted = {"Action": action, "MessageID": message_id, "To": "urn:example:here" if to else None}
        return "".join(self.block(name, text) for name, text in wanted.items() if text is not None) + "".join(more)

    def post(self, header: str, body: str = "", app: WSGIApplication | None = None, **http: str) -> Read:
        message = envelope(body or order(), header, version=self.version)
        return Read(self, post_as(self.version, app or site(), message, **http))


@dataclass(frozen=True)
class Read:
    """An answer with its addressing headers by local name."""

    way: Way
    answer: Answer
    blocks: dict[str, etree._Element] = field(init=False)

    def __post_init__(self) -> None:
        header = self.answer.header if self.answer.content else None
        found = {} if header is None else {etree.QName(each).localname: each for each in header}
        object.__setattr__(self, "blocks", found)

    def text(self, local: str) -> str | None:
        """Text of an addressing block of the request's edition."""
        block = self.blocks.get(local)
        if block is None:
            return None
        assert block.tag == self.way.edition.name(local)
        return block.text

    @property
    def codes(self) -> list[str]:
        """Subcodes as Clark names: one in SOAP 1.1, outer and inner in SOAP 1.2."""
        return [clark(each) for each in self.answer.body.iter("faultcode", "{*}Value")][-2:]

    @property
    def detail(self) -> etree._Element | None:
        """What a predefined fault says of itself: in the header in SOAP 1.1, in the Detail in SOAP 1.2."""
        if self.way.version is Version.SOAP_12:
            return self.answer.body.find("{*}Detail/*")
        assert self.answer.body.find("detail") is None
        held = self.blocks.get("FaultDetail")
        return None if held is None else held[0]


def clark(element: etree._Element) -> str:
    """Resolve the QName that an element holds."""
    prefix, _, local = (element.text or "").rpartition(":")
    return f"{{{element.nsmap[prefix or None]}}}{local}"
