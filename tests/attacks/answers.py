"""What may be answered to whatever comes: a valid answer or a valid SOAP fault, which gives nothing away."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from soapkit.catalog import Contract
from tests.attacks.landscape import CANARY
from tests.attacks.wire import Reply

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
MEDIA_TYPES = {SOAP_11: "text/xml", SOAP_12: "application/soap+xml"}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_CODES_11 = {"Client": "Client", "Server": "Server", "MustUnderstand": "MustUnderstand"}
_CODES_11 |= {"VersionMismatch": "VersionMismatch"}
_CODES_12 = {"Sender": "Client", "Receiver": "Server", "DataEncodingUnknown": "DataEncodingUnknown"}
_CODES_12 |= {"MustUnderstand": "MustUnderstand", "VersionMismatch": "VersionMismatch"}
_STATUSES = {
    SOAP_11: {"Client": {400, 500}},
    SOAP_12: {"Client": {400}},
}
"""HTTP statuses of faults by code; other codes have 500. SOAP 1.1 knows 500 only, WS-I (R1114) lets 400 be."""
_REFUSALS = {401, 403, 405, 413, 415, 429, 503}
"""HTTP says no as well: then its status is that of the fault."""
_SERVER = ("server", "soapkit")
"""What granian is made to say of itself: no version, and not its own name."""
_INTERNALS = re.compile(
    r"Traceback|File \"|line \d+, in |\b(sqlalchemy|sqlite|psycopg|postgres|lxml|libxml|libxslt|spyne|zeep|waitress|"
    r"granian|structlog|pydantic|urllib3|flask|werkzeug|signxml)|\bsoapkit\b|\b(gateway|brm_sim|siebel_sim|simkit)\.\w|\.py\b|"
    r"object at 0x|site-packages|/(work|tmp|home|usr|root|opt|proc|var/lib)/|127\.0\.0\.1|localhost|"
    r"(?i:insert into|select .{1,40} from |no such table|syntax error at|errno \d)|root:x:0|Exception\b",
)


@dataclass(frozen=True, slots=True)
class Told:
    """A fault, whatever its version: the code by its SOAP 1.1 name."""

    version: str
    code: str
    text: str
    detail: etree._Element | None

    @property
    def words(self) -> str:
        """All that it says, in its detail too."""
        return self.text if self.detail is None else self.text + "".join(map(str, self.detail.itertext()))


def leaks(reply: Reply, sent: bytes = b"") -> list[str]:
    """Tell what in an answer gives something away that was not in the question."""
    headers = "\n".join(f"{name}: {value}" for name, value in reply.headers.items() if (name, value) != _SERVER)
    told = headers + "\n\n" + reply.content.decode("utf-8", errors="replace")
    found = {match[0] for match in _INTERNALS.finditer(told)}
    secrets = {CANARY} if CANARY in told else set()
    return sorted(each for each in found | secrets if each.encode() not in sent)


def read_fault(reply: Reply, contract: Contract) -> Told:
    """Read an answer that must be a SOAP fault; AssertionError when it is not a valid one."""
    envelope = _envelope(reply)
    version = etree.QName(envelope).namespace or ""
    assert version in MEDIA_TYPES, f"an envelope of no version of SOAP: {reply}"
    assert reply.media_type == MEDIA_TYPES[version], f"the media type of another version: {reply}"
    (fault,) = _body(envelope, version)
    assert fault.tag == f"{{{version}}}Fault", f"not a fault: {reply}"
    told = _fault_11(fault) if version == SOAP_11 else _fault_12(fault)
    fitting = {500, 403} if told.code in ("Server", "MustUnderstand", "VersionMismatch") else {400, 500}
    fitting = _STATUSES[version].get(told.code, fitting)
    assert reply.status in fitting | _REFUSALS, f"a status that does not fit: {reply}"
    assert told.text.strip(), f"a fault without a word: {reply}"
    _check_detail(told, contract, reply)
    return told


def read_answer(reply: Reply, contract: Contract) -> etree._Element | None:
    """Read an answer that must be an ordinary one; its body element, None when it was accepted without a word."""
    if reply.status == 202:
        assert reply.content == b"", f"an acceptance with content: {reply}"
        assert any(operation.output is None for operation in contract.operations), f"nothing is one-way here: {reply}"
        return None
    assert reply.status == 200, f"neither an answer nor a fault: {reply}"
    envelope = _envelope(reply)
    version = etree.QName(envelope).namespace or ""
    assert reply.media_type == MEDIA_TYPES[version], f"the media type of another version: {reply}"
    (body,) = _body(envelope, version)
    assert body.tag in {operation.output for operation in contract.operations}, f"an answer of no operation: {reply}"
    assert contract.check(body) == (), f"an answer against the contract: {reply}"
    return body


def version_of(reply: Reply) -> str:
    """Give the namespace of the envelope of an answer."""
    return etree.QName(_envelope(reply)).namespace or ""


def _envelope(reply: Reply) -> etree._Element:
    try:
        envelope = etree.fromstring(reply.content)
    except etree.XMLSyntaxError as error:
        raise AssertionError(f"no XML: {reply}") from error
    assert etree.QName(envelope).localname == "Envelope", f"no envelope: {reply}"
    return envelope


def _body(envelope: etree._Element, version: str) -> etree._Element:
    names = [node.tag for node in envelope]
    assert names in ([f"{{{version}}}Body"], [f"{{{version}}}Header", f"{{{version}}}Body"]), f"odd parts: {names}"
    return envelope[-1]


def _fault_11(fault: etree._Element) -> Told:
    """SOAP 1.1, 4.4: faultcode, faultstring, perhaps faultactor and detail, in no namespace and in this order."""
    names = [node.tag for node in fault]
    allowed = ["faultcode", "faultstring", "faultactor", "detail"]
    assert names == [name for name in allowed if name in names], f"odd parts of a fault: {names}"
    namespace, code = _qname(fault[0])
    return Told(SOAP_11, _CODES_11[code] if namespace == SOAP_11 else code, fault[1].text or "", fault.find("detail"))


def _fault_12(fault: etree._Element) -> Told:
    """SOAP 1.2 Part 1, 5.4: Code with Value and perhaps Subcode, Reason with Texts, perhaps Node, Role, Detail."""
    names = [etree.QName(node).localname for node in fault if etree.QName(node).namespace == SOAP_12]
    allowed = ["Code", "Reason", "Node", "Role", "Detail"]
    assert len(names) == len(fault), "a part of a fault in another namespace"
    assert names == [name for name in allowed if name in names], f"odd parts of a fault: {names}"
    namespace, code = _qname(fault[0][0])
    assert namespace == SOAP_12, "a fault code of another namespace"
    assert all(text.get(_LANGUAGE) for text in fault[1]), "a reason without its language"
    return Told(SOAP_12, _CODES_12[code], fault[1][0].text or "", fault.find(f"{{{SOAP_12}}}Detail"))


def _qname(node: etree._Element) -> tuple[str | None, str]:
    prefix, _, name = (node.text or "").strip().rpartition(":")
    namespace = node.nsmap.get(prefix or None)
    assert namespace is not None or not prefix, f"an undeclared prefix: {node.text}"
    return namespace, name


def _check_detail(told: Told, contract: Contract, reply: Reply) -> None:
    declared = {element for operation in contract.operations for element in operation.faults.values()}
    for each in () if told.detail is None else told.detail:
        if each.tag in declared:
            assert contract.check(each) == (), f"a detail against the contract: {reply}"
