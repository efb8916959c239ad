"""The billing services, wired as the gateway wires them, over doubles."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.abcs.process_fulfillment_order_billing_brm_comms_add_sub_process import NAME as ADD
from gateway.abcs.process_fulfillment_order_billing_brm_comms_add_sub_process import AddSubProcess
from gateway.abcs.process_fulfillment_order_billing_brm_comms_prov_abcs_impl import NAME as ABCS
from gateway.abcs.process_fulfillment_order_billing_brm_comms_prov_abcs_impl import ProvABCSImpl
from gateway.abcs.process_fulfillment_order_billing_osmcfs_comms_jms_consumer import OrderConsumer
from gateway.abcs.process_fulfillment_order_billing_response_osmcfs_comms_jms_producer import ResponseProducer
from gateway.domain.order import Order
from gateway.domain.routing import Route
from gateway.messaging.unit import Effects, Service
from soapkit.catalog import load
from tests.unit.orders.doubles import BRM, StoppedClock, World, world
from tests.unit.orders.messages import body


@dataclass(slots=True)
class Bench:
    """The services over one world."""

    world: World = field(default_factory=world)
    clock: StoppedClock = field(default_factory=StoppedClock)

    @property
    def add(self) -> AddSubProcess:
        """The Add subprocess."""
        return AddSubProcess(contract=load(f"wsdl/abcs/{ADD}.wsdl"), clock=self.clock, systems=frozenset({BRM}))

    @property
    def abcs(self) -> ProvABCSImpl:
        """ProvABCSImpl, with the subprocess of each route."""
        return ProvABCSImpl(
            contract=load(f"wsdl/abcs/{ABCS}.wsdl"),
            subprocesses={Route.ADD: self.add},
            clock=self.clock,
            systems=frozenset({BRM}),
        )

    @property
    def consumer(self) -> OrderConsumer:
        """The consumer of AIA_CRTBO_OUT_JMSQ."""
        return OrderConsumer(self.abcs, ResponseProducer())

    def run(self, order: Order | bytes, service: Service | None = None) -> Effects:
        """Plan and work an order, and commit its effects."""
        service = service or self.abcs
        plan = service.plan(order if isinstance(order, bytes) else body(order))
        effects = service.work(plan, self.world.unit())
        self.world.shelf.apply(effects)
        return effects
