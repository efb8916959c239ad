"""A service of Siebel's kind (tests/samples/soapkit), in both styles at one address: messages, handlers, a site."""

from __future__ import annotations

from wsgiref.types import WSGIApplication

from lxml import etree

from soapkit.catalog import Contract, load
from soapkit.faults import Fault
from soapkit.rpc import twin
from soapkit.server import Handler, Request, Service, application
from tests.contract.soapkit.orders import SAMPLES, element

URL = "http://siebel.example"
START = "/eai_enu/start.swe"
UI = "http://siebel.com/CustomUI"
IO = "http://www.siebel.com/xml/CUT%20Sample%20Account%20IO"
SIEBDETAIL = "{http://www.siebel.com/ws/fault}siebdetail"
ACCOUNTS = (
    f'<ListOfCutSampleAccountIo xmlns="{IO}"><Account operation="upsert"><Id>1-A</Id>'
    "<AccountStatus>Active</AccountStatus><Name>Ada Jones</Name><ListOfCutAddress>"
    '<CutAddress IsPrimaryMVG="Y"><AddressName>Home</AddressName></CutAddress>'
    "</ListOfCutAddress></Account></ListOfCutSampleAccountIo>"
)


def document() -> Contract:
    return load(SAMPLES / "wsdl" / "CutAccount.wsdl")


def rpc() -> Contract:
    return load(SAMPLES / "wsdl" / "CutAccountRpc.wsdl")


def asked(name: str, content: str) -> str:
    """Write a document/literal request; ``content`` is in the namespace of the service."""
    return f'<{name}_Input xmlns="{UI}">{content}</{name}_Input>'


def called(name: str, content: str) -> str:
    """Write an rpc/literal request; ``content`` is in no namespace."""
    return f'<ui:{name} xmlns:ui="{UI}">{content}</ui:{name}>'


def get(request: Request) -> etree._Element:
    """Answer an account; a row id of 9-9 is refused, one of 0-0 answers nothing but itself."""
    row_id = request.body.findtext(f"{{{UI}}}Object_spcId") or ""
    if row_id == "9-9":
        stack = "<errorstack><error><errorcode>SBL-EAI-04397</errorcode></error></errorstack>"
        detail = element(f'<siebdetail xmlns="http://www.siebel.com/ws/fault">{stack}</siebdetail>')
        raise Fault("Server", "No user key can be used(SBL-EAI-04397)", detail)
    found = "" if row_id == "0-0" else f"<o:Error_spcCode>0x0</o:Error_spcCode>{ACCOUNTS}"
    content = f"{found}<o:Object_spcId>{row_id}</o:Object_spcId>"
    return element(f'<o:CUTGetAccountData_Output xmlns:o="{UI}">{content}</o:CUTGetAccountData_Output>')


def receive(request: Request) -> etree._Element:
    """Give back the accounts that came, and their number."""
    accounts = request.body.find(f"{{{IO}}}ListOfCutSampleAccountIo")
    assert accounts is not None
    number = f"<NumberUpserted>{len(accounts)}</NumberUpserted>"
    answer = element(f'<CUTReceiveAccountData_Output xmlns="{UI}">{number}</CUTReceiveAccountData_Output>')
    answer.insert(0, accounts)
    return answer


def send(request: Request) -> None:  # noqa: ARG001 - a handler
    return None


def service(**handlers: Handler) -> Service:
    table: dict[str, Handler] = {"CUTGetAccountData": get, "CUTReceiveAccountData": receive, "CUTSendAccountData": send}
    return Service(document(), table | handlers, paths=(START,))


def site(url: str = URL, **handlers: Handler) -> WSGIApplication:
    """Serve both styles, each at its own address and both at Siebel's."""
    served = service(**handlers)
    return application([served, twin(served, rpc())], public_url=url)
