"""The folder that Siebel's simulator serves: every operation is behind a method, and contracts share records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lxml import etree

from siebel_sim.contracts import contracts_in
from siebel_sim.operations import operations
from siebel_sim.repository import Repository, repository
from siebel_sim.server import build
from siebel_sim.settings import Settings
from soapkit.catalog import Contract
from tests.contract.places import ROOT
from tests.siebel_sim.simulator import Simulator

FOLDER = ROOT / "wsdl" / "siebel"
CONTRACTS = contracts_in(FOLDER)
OBJECTS = {
    "CUT Sample Account IO": ("CUTSampleAccount", "Account", "<Name>Ada Ltd</Name>"),
    "CUT Sample Service Profile IO": ("CUTSampleServiceProfile", "Account", "<Name>Ada Ltd</Name>"),
    "CUT Sample Sales Order IO": (
        "CUTSampleSalesOrder",
        "Order",
        "<OrderNumber>1</OrderNumber><AccountId>1-A</AccountId>",
    ),
    "CUT Sample Work Order IO": (
        "CUTSampleWorkOrder",
        "Order",
        "<OrderNumber>1</OrderNumber><AccountId>1-A</AccountId>",
    ),
    "CUT Sample Trouble Ticket IO": ("CUTSampleTroubleTicket", "ServiceRequest", "<SRNumber>1</SRNumber>"),
    "CUT Sample Asset IO": ("CUTSampleAsset", "AssetMgmt-Asset", "<AssetNumber>1</AssetNumber>"),
    "CUT Sample Fraud Alert IO": (
        "CUTSampleFraudAlert",
        "CutFraudAlert",
        "<AlertNumber>1</AlertNumber><FraudType>Cloning</FraudType>",
    ),
    "CUT Sample Credit Alert IO": ("CUTSampleCreditAlert", "CutCreditAlert", "<AlertNumber>1</AlertNumber>"),
}


@pytest.fixture(scope="module")
def known() -> Repository:
    return repository(CONTRACTS)


@pytest.fixture
def siebel(tmp_path: Path) -> Iterator[Simulator]:
    settings = Settings.model_validate({"url": f"sqlite:///{tmp_path / 's.sqlite'}", "contracts": FOLDER})
    with closing(build(settings)) as app:
        yield Simulator("http://siebel.test", app)


def list_of(io: str) -> str:
    return "ListOf" + "".join(word.capitalize() for word in io.split())


def message(io: str, fields: str) -> str:
    """Write an instance of the root component of an integration object, in its list."""
    tag = OBJECTS[io][1]
    namespace = f"http://www.siebel.com/xml/{io.replace(' ', '%20')}"
    return f'<{list_of(io)} xmlns="{namespace}"><{tag} operation="upsert">{fields}</{tag}></{list_of(io)}>'


def ask(siebel: Simulator, operation: str, inside: str, namespace: str = "http://siebel.com/asi/") -> etree._Element:
    """Call an operation at Siebel's one address; the answer's body, valid as it is published."""
    status, envelope = siebel.post(f'<{operation}_Input xmlns="{namespace}">{inside}</{operation}_Input>')
    answer = envelope[-1][0]
    assert (status, answer.tag) == (200, f"{{{namespace}}}{operation}_Output"), etree.tostring(answer)
    contract = next(each for each in CONTRACTS if each.by_input(f"{{{namespace}}}{operation}_Input"))
    assert contract.check(answer) == ()
    return answer


def texts(element: etree._Element, tag: str) -> list[str | None]:
    """Give the texts of all elements with a local name."""
    return [each.text for each in element.iter(f"{{*}}{tag}")]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_every_operation_is_behind_a_method_of_the_adapter(contract: Contract, known: Repository) -> None:
    behind = operations(contract, known)

    assert [name for name, served in behind.items() if served.method is None] == []


@pytest.mark.parametrize("io", OBJECTS)
def test_a_record_that_has_what_is_required_is_inserted_found_and_deleted(io: str, siebel: Simulator) -> None:
    service, tag, fields = OBJECTS[io]

    written = ask(siebel, f"{service}Insert", message(io, fields))
    row_id = texts(written, "Id")[0]
    found = ask(siebel, f"{service}QueryById", f"<PrimaryRowId>{row_id}</PrimaryRowId>")
    ask(siebel, f"{service}Delete", f"<PrimaryRowId>{row_id}</PrimaryRowId>")
    gone = ask(siebel, f"{service}QueryById", f"<PrimaryRowId>{row_id}</PrimaryRowId>")

    assert (texts(found, "Id")[0], len(texts(found, tag)), texts(gone, tag)) == (row_id, 1, [])


@pytest.mark.parametrize("io", OBJECTS)
def test_a_record_without_a_required_field_is_refused(io: str, siebel: Simulator) -> None:
    operation = f"{OBJECTS[io][0]}Insert"
    inside = message(io, "<IntegrationId>I</IntegrationId>")
    body = f'<{operation}_Input xmlns="http://siebel.com/asi/">{inside}</{operation}_Input>'

    _, envelope = siebel.post(body)

    assert "SBL-DAT-00498" in texts(envelope, "errorcode")


def test_a_customer_is_the_same_for_every_service_and_so_is_its_phone(siebel: Simulator) -> None:
    account = message("CUT Sample Account IO", "<IntegrationId>A1</IntegrationId><Name>Ada Ltd</Name>")
    row_id = texts(ask(siebel, "CUTSampleAccountInsertOrUpdate", account), "Id")[0]
    profile = (
        f"<Id>{row_id}</Id><ListOfAssetMgmt-Asset><AssetMgmt-Asset><AssetNumber>7</AssetNumber>"
        "<SerialNumber>01234</SerialNumber></AssetMgmt-Asset></ListOfAssetMgmt-Asset>"
    )
    ask(siebel, "CUTSampleServiceProfileInsertOrUpdate", message("CUT Sample Service Profile IO", profile))

    example = '<ListOfSwicustomerpartyio xmlns="http://www.siebel.com/xml/SWICustomerPartyIO"><Account><IntegrationId>A1</IntegrationId></Account></ListOfSwicustomerpartyio>'
    party = ask(siebel, "SWICustomerPartyQueryByExample", example, "http://siebel.com/asi/V0")
    phone = ask(
        siebel,
        "CUTSampleAssetQueryByExample",
        message("CUT Sample Asset IO", "<SerialNumber>01234</SerialNumber>"),
    )

    assert (texts(party, "Name"), texts(phone, "OwnerAccountId")) == (["Ada Ltd"], [row_id])


def test_payments_of_an_order_are_asked_for_field_by_field_and_change_their_state(siebel: Simulator) -> None:
    order = (
        '<ListOfSWIOrderIO xmlns="http://siebel.com/OrderManagement/Order/Data"><SWIOrder><OrderNumber>O1</OrderNumber>'
        "<AccountId>1-A</AccountId><ListOfPayments>{}{}</ListOfPayments></SWIOrder></ListOfSWIOrderIO>"
    ).format(
        *(
            f"<Payments><IntegrationId>{key}</IntegrationId><PaymentMethod>Cash</PaymentMethod></Payments>"
            for key in "PQ"
        )
    )
    ask(siebel, "SWIOrderUpsert", order, "http://siebel.com/asi")
    space = "http://siebel.com/OrderManagement/Order/Details"
    query = (
        f'<ListOfOrderDetail pagesize="5" startrownum="0" xmlns="{space}/Data/Query"><OrderDetail><Id/>'
        "<OrderNumber>='O1'</OrderNumber><ListOfOrderPayment><OrderPayment><Id/><PaymentStatus/></OrderPayment>"
        "</ListOfOrderPayment></OrderDetail></ListOfOrderDetail><LOVLanguageMode>LDC</LOVLanguageMode>"
    )

    found = ask(siebel, "OrderDetailQueryPage", query, space)

    tags = {etree.QName(each).localname for each in found.iter() if not len(each)}
    assert (tags, texts(found, "PaymentStatus")) == ({"Id", "OrderNumber", "PaymentStatus"}, ["New", "New"])


def test_a_ticket_raised_by_another_system_is_a_trouble_ticket(siebel: Simulator) -> None:
    ticket = (
        '<ListOfSwitroubleticketio xmlns="http://www.siebel.com/xml/SWITroubleTicketIO"><ServiceRequest>'
        "<SRNumber>T1</SRNumber><TicketType>Order Fallout</TicketType></ServiceRequest></ListOfSwitroubleticketio>"
    )
    ask(siebel, "SWITroubleTicketInsertOrUpdate", ticket, "http://siebel.com/CustomUI")

    found = ask(
        siebel,
        "CUTSampleTroubleTicketQueryByExample",
        message("CUT Sample Trouble Ticket IO", "<SRNumber>T1</SRNumber>"),
    )

    assert (texts(found, "TicketType"), texts(found, "Status")) == (["Order Fallout"], ["Open"])
