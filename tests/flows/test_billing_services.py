"""The billing services through their own doors: bytes in; effects, responses and faults out. BRM is a double."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from lxml import etree

from gateway.abcs.ports import Outbox
from gateway.abcs.process_fulfillment_order_billing_brm_comms_add_sub_process import NAME as ADD
from gateway.abcs.process_fulfillment_order_billing_brm_comms_prov_abcs_impl import NAME as ABCS
from gateway.abcs.process_fulfillment_order_billing_osmcfs_comms_jms_consumer import QUEUE as ORDERS
from gateway.abcs.process_fulfillment_order_billing_response_osmcfs_comms_jms_producer import QUEUE as RESPONSES
from gateway.abcs.process_fulfillment_order_billing_response_osmcfs_comms_jms_producer import ResponseProducer
from gateway.abcs.targets import NO_TARGET
from gateway.domain.codes import Action, BillingMode, ProductType
from gateway.domain.order import Order
from gateway.domain.routing import NOT_BILLED_YET
from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import (
    BrmRefused,
    BusinessError,
    GatewayError,
    Heuristic,
    InDoubt,
    InProgress,
    InvalidMessage,
    Unavailable,
    UnknownReference,
)
from gateway.messaging.unit import RequestKey
from gateway.transforms.fault import Failure, fault
from gateway.transforms.flists import MODIFY_CUSTOMER
from gateway.transforms.subprocess_message import SubprocessMessage, decode, encode
from soapkit.catalog import load
from soapkit.limits import Limits, parse
from tests.unit.orders.canonical import canonical, sample
from tests.unit.orders.doubles import BRM, NOW, row
from tests.unit.orders.messages import body, message
from tests.unit.orders.orders import line, order, parties, under
from tests.unit.orders.services import Bench
from tests.unit.orders.strategies import orders

SAMPLE = "process_fulfillment_order_billing.add.initiate.xml"
CONTRACT = f"wsdl/abcs/{ABCS}.wsdl"
BUNDLE, SUBSCRIPTION = ProductType.SERVICE_BUNDLE, ProductType.SUBSCRIPTION
ALL, BUSINESS = "REQUIRED_FOR_BUSINESS_AND_SYSTEM_ERRORS", "REQUIRED_FOR_BUSINESS_ERRORS"
REFUSED = BrmRefused("Duplicate value.", opcode=MODIFY_CUSTOMER, code="PIN_ERR_DUPLICATE", element="/line")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def statuses(response: bytes) -> list[tuple[str, str]]:
    """Return status code and description of each line."""
    element = etree.fromstring(response)
    found = element.iterfind(".//{*}FulfillmentOrderLine/{*}Status")
    return [(status.findtext("{*}Code", ""), status.findtext("{*}Description", "")) for status in found]


def _ebm_id(response: bytes) -> str | None:
    return etree.fromstring(response).findtext(".//{*}EBMID")


# ---- the response --------------------------------------------------------------------------------------------------


def test_the_response_tells_status_and_brm_identifiers_of_each_line(bench: Bench) -> None:
    assert canonical(bench.run(sample(SAMPLE)).result) == canonical(sample("orders/add.initiate.response.xml"))


@given(orders())
def test_every_line_of_any_order_is_answered_once_and_validly(made: Order) -> None:
    response = etree.fromstring(Bench().run(made).result)
    assert load(CONTRACT).check(response) == ()
    answered = [
        e.text for e in response.iterfind(".//{*}FulfillmentOrderLine/{*}Identification/{*}BusinessComponentID")
    ]
    assert answered == [one.id for one in made.lines]


def test_a_request_run_again_has_a_response_of_the_same_id(bench: Bench) -> None:
    first, again = bench.run(order(line(1, SUBSCRIPTION))), Bench().run(order(line(1, SUBSCRIPTION)))
    other = Bench().run(order(line(1, SUBSCRIPTION), ebm_id="ebm-0007"))
    ids = [_ebm_id(effects.result) for effects in (first, again, other)]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)


def test_lines_with_nothing_to_bill_are_reported_and_call_nothing(bench: Bench) -> None:
    nothing = order(
        line(1, BUNDLE, action=Action.NONE),
        line(2, BUNDLE, action=Action.MOVE_DELETE, billing=None),
        line(3, ProductType.PROMOTION, item=None),
        line(4, ProductType.EVENT),
        line(5, BUNDLE, action=Action.SUSPEND),
    )
    plan = bench.abcs.plan(body(nothing))
    effects = bench.run(nothing)
    assert {code for code, _ in statuses(effects.result)} == {"NO BILLING ACTION"}
    assert (effects.xref_populate, effects.lines, bench.world.brm.calls, plan.accounts) == ((), (), [], ())


def test_what_the_customer_added_travels_to_subprocess_story_and_response(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _extended_contracts(tmp_path)
    monkeypatch.setenv("O2C_CONTRACTS_DIR", str(root))
    custom = '<Custom><x:CampaignCode xmlns:x="{}">XMAS {}</x:CampaignCode></Custom>'
    spaces = "http://xmlns.oracle.com/EnterpriseObjects/Core/Custom/EBO/FulfillmentOrder/V1"
    xml = sample(SAMPLE).decode()
    xml = xml.replace("</FulfillmentOrderLine>", custom.format(spaces, "line") + "</FulfillmentOrderLine>")
    end = "</ProcessFulfillmentOrderBilling>"
    xml = xml.replace(end, custom.format(spaces, "order") + end)
    effects = bench.run(xml.encode())
    assert effects.result.count(b"XMAS line") == xml.count("XMAS line") == 5
    assert effects.result.count(b"XMAS order") == 1
    handed = next(detail for step, _, detail in bench.world.story.steps if step == ADD)
    (passed_on,) = etree.fromstring(handed).iter("{*}ProcessFulfillmentOrderBillingEBM")
    assert canonical(etree.tostring(passed_on)) == canonical(xml.encode())


def _extended_contracts(root: Path) -> Path:
    """Make a copy of the contracts in which the customer has added an element to order and line."""
    checkout = Path(__file__).parents[2]
    for file in (*checkout.glob("xsd/**/*.xsd"), *checkout.glob("wsdl/abcs/*.wsdl")):
        copy = root / file.relative_to(checkout)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text()
        if file.name == "CustomFulfillmentOrderEBO.xsd":
            added = '<xs:sequence><xs:element name="CampaignCode" type="xs:string" minOccurs="0"/></xs:sequence>'
            text = text.replace("<xs:sequence/>", added)
        copy.write_text(text)
    return root


def test_the_story_tells_each_stage(bench: Bench) -> None:
    bench.run(sample(SAMPLE), bench.consumer)
    steps = [step for step, _, _ in bench.world.story.steps]
    assert steps == ["ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer", ABCS, ADD, ADD, "response"]


# ---- plans ---------------------------------------------------------------------------------------------------------


def test_a_plan_says_what_must_be_known_before_work_begins(bench: Bench) -> None:
    shared = order(
        line(1, BUNDLE, parties=parties(1, account=3, payer=2)),
        line(2, BUNDLE, action=Action.NONE, parties=parties(2, account=9)),
    )
    plan = bench.abcs.plan(body(shared))
    assert plan.key == RequestKey("OSMCFS_01", "ebm-0001", "ProcessBilling")
    assert (plan.brm, plan.accounts, plan.order, plan.account) == (
        BRM,
        ("acct-0002", "acct-0003"),
        "1-10001",
        "acct-0001",
    )


def test_the_same_content_is_the_same_however_it_is_written(bench: Bench) -> None:
    xml = sample(SAMPLE)
    element = etree.fromstring(xml)
    envelope = etree.fromstring(b'<e:E xmlns:e="urn:e" xmlns:soap="urn:soap"/>')
    envelope.append(element)
    contents = {bench.abcs.plan(data).content for data in (xml, etree.tostring(element), etree.tostring(element))}
    assert len(contents) == 1
    assert bench.abcs.plan(xml.replace(b"35.00", b"36.00")).content not in contents


def test_the_queue_and_soap_know_duplicates_by_the_same_key(bench: Bench) -> None:
    assert bench.consumer.plan(sample(SAMPLE)).key == bench.abcs.plan(sample(SAMPLE)).key


# ---- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xml", "element", "said"),
    [
        (b"", None, "[well-formed"),
        (b"<a", None, "[well-formed"),
        (b"<!DOCTYPE a><a/>", None, "[doctype"),
        (b"<a/>", "/a", "ProcessBilling takes ProcessFulfillmentOrderBillingEBM"),
        (
            sample("process_fulfillment_order_billing.unknown_element.invalid.xml"),
            "/ProcessFulfillmentOrderBillingEBM/",
            "cvc-complex-type",
        ),
        (
            sample("process_fulfillment_order_billing.no_target.invalid.xml"),
            "/ProcessFulfillmentOrderBillingEBM/",
            "Target",
        ),
        (sample("process_fulfillment_order_billing.price.invalid.xml"), "FulfillmentOrderLine", "[cvc-datatype"),
    ],
)
def test_a_message_that_its_contract_does_not_allow_is_refused_naming_element_and_rule(
    bench: Bench, xml: bytes, element: str | None, said: str
) -> None:
    for service in (bench.abcs, bench.consumer):
        with pytest.raises(InvalidMessage) as refused:
            service.plan(xml)
        assert said in refused.value.text
        assert (element or "") in (refused.value.element or "")


def test_a_message_larger_than_allowed_is_refused(bench: Bench) -> None:
    abcs = bench.abcs
    abcs._limits = Limits(max_bytes=100)
    with pytest.raises(InvalidMessage, match="max-bytes"):
        abcs.plan(sample(SAMPLE))


def test_an_unknown_target_is_refused(bench: Bench) -> None:
    with pytest.raises(
        UnknownReference, match=r"'BRM_77' is no billing system of this gateway \(there are: BRM_01"
    ) as no:
        bench.abcs.plan(body(order(line(1, BUNDLE), target="BRM_77")))
    assert no.value.code != NO_TARGET


def test_what_a_later_release_bills_is_refused_before_any_work(bench: Bench) -> None:
    suspended = order(line(1, BUNDLE), line(2, BUNDLE, action=Action.SUSPEND, billing=BillingMode.FULFILL))
    with pytest.raises(BusinessError, match=r"line 2 \(line-0002\): ActionCode 'SUSPEND'") as refused:
        bench.abcs.plan(body(suspended))
    assert refused.value.code == NOT_BILLED_YET


# ---- error responses and faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error", "answered"),
    [
        (ALL, REFUSED, True),
        (ALL, Unavailable("BRM_01 does not answer"), True),
        (ALL, ValueError("a secret of ours"), True),
        (BUSINESS, REFUSED, True),
        (BUSINESS, Unavailable("BRM_01 does not answer"), False),
        (BUSINESS, ValueError("a secret of ours"), False),
        ("", REFUSED, False),
        ("SOMETHING_ELSE", REFUSED, False),
    ],
)
def test_an_error_is_answered_to_whom_asked_for_it(bench: Bench, code: str, error: Exception, answered: bool) -> None:
    plan = bench.consumer.plan(body(order(line(1, BUNDLE), response_code=code)))
    success = bench.run(order(line(1, BUNDLE))).result
    reply = bench.consumer.error_reply(plan, error)
    assert (reply is not None) is answered
    if reply is not None:
        assert reply.queue == RESPONSES
        assert load(CONTRACT).check(parse(reply.body)) == ()
        assert b"secret" not in reply.body
        assert _ebm_id(reply.body) != _ebm_id(success)
    assert bench.abcs.error_reply(plan, error) is None


def test_an_error_response_says_what_went_wrong_and_where(bench: Bench) -> None:
    error = UnknownReference(
        "billing profile 'billprof-0001' is not synchronised to BRM_01",
        code="AIA_ERR_AIACOMBMPI_0002",
        element=f"{line(2, BUNDLE).path()}/FulfillmentOrderSchedule",
    )
    reply = bench.consumer.error_reply(bench.consumer.plan(sample(SAMPLE)), error)
    assert reply is not None
    assert canonical(reply.body) == canonical(sample("orders/add.initiate.error_response.xml"))


def test_a_message_that_could_not_be_planned_is_answered_as_far_as_it_can_be_read(bench: Bench) -> None:
    consumer = bench.consumer
    wrong = sample(SAMPLE).replace(b"<ActionCode>ADD<", b"<ActionCode>ADDED<", 1)
    for xml, answered in ((wrong, True), (b"<a", False), (b"<a/>", False), (wrong.replace(ALL.encode(), b""), False)):
        with pytest.raises(BusinessError) as refused:
            consumer.plan(xml)
        reply = consumer.refusal(xml, refused.value)
        assert (reply is not None) is answered
    reply = consumer.refusal(wrong, refused.value)
    assert reply is not None
    assert {code for code, _ in statuses(reply.body)} == {"FAILED"}


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        InvalidMessage("DataArea: missing", element="/ProcessFulfillmentOrderBillingEBM"),
        Unavailable("BRM_01 does not answer"),
        KeyError("a secret of ours"),
    ],
)
def test_faults_are_valid_about_any_message_and_keep_secrets(error: GatewayError | KeyError) -> None:
    failure = Failure(error, ABCS, NOW, correlation="c-4711")
    overlong = sample(SAMPLE).replace(b">1-10001<", b">" + b"1" * 400 + b"<").replace(b"BRM_01", b"B" * 300)
    texts = (sample(SAMPLE), overlong, b"<nothing/>", b"<ProcessFulfillmentOrderBillingEBM/>")
    for about in (None, *map(parse, texts)):
        told = fault(failure, about)
        assert load(CONTRACT).check(told) == ()
        assert "secret" not in etree.tostring(told, encoding="unicode")


@pytest.mark.parametrize("error", [InDoubt("?"), InProgress("?"), Heuristic("?")])
def test_of_an_outcome_that_is_open_no_fault_says_that_nothing_was_changed(error: GatewayError) -> None:
    told = etree.tostring(fault(Failure(error, ABCS, NOW), None), encoding="unicode")
    assert "Nothing was changed" not in told


def test_a_fault_names_order_and_account_that_failed() -> None:
    failure = Failure(REFUSED, ABCS, NOW, correlation="c-4711")
    told = etree.tostring(fault(failure, parse(sample(SAMPLE))))
    assert canonical(told) == canonical(sample("orders/add.initiate.fault.xml"))


# ---- the Add subprocess by itself ----------------------------------------------------------------------------------


def subprocess_body(made: Order, *rows: XrefRow, delete: tuple[XrefRow, ...] = ()) -> bytes:
    return etree.tostring(encode(SubprocessMessage(message(made), rows, delete)))


def test_a_subprocess_called_by_itself_applies_its_own_cross_references_and_those_it_was_handed(bench: Bench) -> None:
    handed = XrefRow(XrefTable.SALESORDER_LINEID.value, "line-0009", BRM, "9")
    gone = row("asset-0099", "0.0.0.1 /service/email 99")
    effects = bench.run(subprocess_body(order(line(1, SUBSCRIPTION)), handed, delete=(gone,)), bench.add)
    made = row("asset-0001", "0.0.0.1 /purchased_product 1001")
    assert (effects.xref_populate, effects.xref_delete) == ((handed, made), (gone,))
    answer = parse(effects.result)
    assert load(f"wsdl/abcs/{ADD}.wsdl").check(answer) == ()
    told = decode(answer)
    assert (told.populate, told.delete) == ((handed, made), (gone,))
    assert canonical(etree.tostring(told.ebm)) == canonical(body(order(line(1, SUBSCRIPTION))))


def test_a_subprocess_sees_what_the_step_before_it_made(bench: Bench) -> None:
    bundle = line(1, BUNDLE, action=Action.UPDATE)
    pending = row("asset-0001", "0.0.0.1 /service/telco/gsm/telephony 55")
    bench.run(subprocess_body(order(bundle, under(bundle, 2, SUBSCRIPTION)), pending), bench.add)
    assert bench.world.brm.calls[0][1]["SERVICE_OBJ"] == pending.value


def test_a_subprocess_leaves_other_subprocesses_lines_alone(bench: Bench) -> None:
    deleted = line(2, BUNDLE, action=Action.DELETE, billing=BillingMode.FULFILL)
    effects = bench.run(subprocess_body(order(line(1, BUNDLE), deleted)), bench.add)
    assert [record.key.line_id for record in effects.lines] == ["line-0001"]


def test_a_subprocess_has_its_own_key_and_answers_errors_by_fault_only(bench: Bench) -> None:
    plan = bench.add.plan(subprocess_body(order(line(1, BUNDLE), response_code=ALL)))
    assert plan.key == RequestKey("OSMCFS_01", "ebm-0001", "processBillingAdd")
    assert bench.add.error_reply(plan, REFUSED) is None


def test_flow_and_single_call_do_the_same(bench: Bench) -> None:
    alone = Bench()
    through = bench.run(sample(SAMPLE))
    single = etree.tostring(encode(SubprocessMessage(parse(sample(SAMPLE)))))
    by_itself = alone.run(single, alone.add)
    assert (through.xref_populate, through.lines) == (by_itself.xref_populate, by_itself.lines)
    assert bench.world.brm.calls == alone.world.brm.calls


# ---- queues --------------------------------------------------------------------------------------------------------


class Kept(Outbox):
    """An outbox that keeps what is put."""

    def __init__(self) -> None:
        self.put_: list[tuple[str, bytes, str | None]] = []

    def put(self, queue: str, body: bytes, group: str | None) -> None:
        self.put_.append((queue, body, group))


def test_a_consumed_order_is_answered_on_the_producers_queue(bench: Bench) -> None:
    effects = bench.run(sample(SAMPLE), bench.consumer)
    assert [(reply.queue, reply.body) for reply in effects.replies] == [(RESPONSES, effects.result)]
    assert Bench().run(sample(SAMPLE)).replies == ()


def test_orders_are_put_in_the_group_of_their_account_whatever_else_is_wrong(bench: Bench) -> None:
    outbox = Kept()
    wrong = body(replace(order(line(1, BUNDLE), line(1, BUNDLE))))
    for xml in (sample(SAMPLE), wrong, b"<a"):
        bench.consumer.put(xml, outbox)
    assert outbox.put_ == [
        (ORDERS, sample(SAMPLE), "BRM_01/acct-0001"),
        (ORDERS, wrong, "BRM_01/acct-0001"),
        (ORDERS, b"<a", None),
    ]


def test_responses_are_put_in_no_order() -> None:
    outbox = Kept()
    ResponseProducer().put(b"<r/>", outbox)
    assert outbox.put_ == [(RESPONSES, b"<r/>", None)]
