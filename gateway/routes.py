"""The map: every SOAP operation exposed and every queue consumed is one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from gateway.abcs import process_fulfillment_order_billing_brm_comms_add_sub_process as add_sub_process
from gateway.abcs import process_fulfillment_order_billing_brm_comms_prov_abcs_impl as prov_abcs_impl
from gateway.abcs import process_fulfillment_order_billing_osmcfs_comms_jms_consumer as jms_consumer
from gateway.abcs import process_fulfillment_order_billing_response_osmcfs_comms_jms_producer as jms_producer
from gateway.abcs.ports import Outbox
from gateway.domain.billing import DateRules
from gateway.domain.routing import Route
from gateway.errors import GatewayError, InvalidMessage, Kind
from gateway.messaging.consumer import QueueRoute
from gateway.messaging.ports import Clock
from gateway.messaging.retry import RetryPolicy
from gateway.messaging.unit import Service
from gateway.transforms.ebm import EBM
from gateway.transforms.fault import Failure, fault
from gateway.transforms.namespaces import core
from soapkit.catalog import Contract, load
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.limits import Limits, parse
from soapkit.server import Request
from soapkit.server import Service as SoapService

Act = Callable[[bytes], bytes | None]
"""What an operation does with its input: the answer, or None for one-way."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The services of the Bill Fulfillment Order flow."""

    abcs: prov_abcs_impl.ProvABCSImpl
    add: add_sub_process.AddSubProcess
    producer: jms_producer.ResponseProducer
    consumer: jms_consumer.OrderConsumer


def flow(*, clock: Clock, systems: frozenset[str], rules: DateRules, limits: Limits) -> Flow:
    """Put the services of the flow together; ``systems`` are the BRMs there are."""
    add = add_sub_process.AddSubProcess(
        contract=_contract(add_sub_process.NAME), clock=clock, systems=systems, rules=rules, limits=limits
    )
    abcs = prov_abcs_impl.ProvABCSImpl(
        contract=_contract(prov_abcs_impl.NAME),
        subprocesses={Route.ADD: add},
        clock=clock,
        systems=systems,
        limits=limits,
    )
    producer = jms_producer.ResponseProducer()
    return Flow(abcs, add, producer, jms_consumer.OrderConsumer(abcs, producer))


def soap(flow: Flow, run: Callable[[Service, bytes], bytes], outbox: Outbox, clock: Clock) -> tuple[SoapService, ...]:
    """Return what is served over SOAP; ``run`` answers a request within a unit of work of its own."""
    table: Mapping[str, Mapping[str, Act]] = {
        prov_abcs_impl.NAME: {"ProcessBilling": lambda body: run(flow.abcs, body)},
        add_sub_process.NAME: {"processBillingAdd": lambda body: run(flow.add, body)},
        jms_consumer.NAME: {"Consume_Message": lambda body: flow.consumer.put(body, outbox)},
        jms_producer.NAME: {"Produce_ProcessFOBResponse": lambda body: flow.producer.put(body, outbox)},
    }
    return tuple(_service(name, operations, clock) for name, operations in table.items())


def queues(flow: Flow, retry: RetryPolicy, threads: int) -> tuple[QueueRoute, ...]:
    """Return what is consumed from queues."""
    return (QueueRoute(jms_consumer.QUEUE, flow.consumer, group=flow.consumer.group, retry=retry, threads=threads),)


def _service(name: str, operations: Mapping[str, Act], clock: Clock) -> SoapService:
    def worded(error: Exception, request: Request | None) -> Fault:
        return word_fault(error, request, name, clock)

    return SoapService(
        contract=_contract(name),
        handlers={operation: _handler(act) for operation, act in operations.items()},
        paths=(f"/soa-infra/services/default/{name}/client",),
        word_fault=worded,
        correlate=ebm_id,
    )


def ebm_id(body: etree._Element) -> str | None:
    """Return the id of the EBM that a body is or holds: what its order is found by in the log."""
    found = next(body.iter(core("EBMID")), None)
    return None if found is None else found.text


def _handler(act: Act) -> Callable[[Request], etree._Element | None]:
    def handle(request: Request) -> etree._Element | None:
        answer = act(etree.tostring(request.body, encoding="UTF-8", with_tail=False))
        return None if answer is None else parse(answer)

    return handle


def word_fault(error: Exception, request: Request | None, service: str, clock: Clock) -> Fault:
    """Word a fault as AIA does: a corecom:Fault with the data of the order; our own mistakes say no more than that."""
    told: Exception = InvalidMessage(str(error), element=error.path) if isinstance(error, Refused) else error
    correlation = "" if request is None else request.correlation_id
    failure = Failure(told, service, clock.now(), correlation)
    ebm = None if request is None else next(request.body.iter(EBM), None)
    business = isinstance(told, GatewayError) and told.kind is Kind.BUSINESS
    code = FaultCode.CLIENT if business else FaultCode.SERVER
    detail = fault(failure, ebm) if _declares_faults(service) else None
    return Fault(code, _headline(failure), detail, expected=isinstance(told, GatewayError))


def _declares_faults(service: str) -> bool:
    """Tell whether a service may say more than a sentence: one-way operations cannot declare what else."""
    return any(operation.faults for operation in _contract(service).operations)


def _headline(failure: Failure) -> str:
    return f"{failure.code}: {failure.text}"


def _contract(name: str) -> Contract:
    return load(f"wsdl/abcs/{name}.wsdl")
