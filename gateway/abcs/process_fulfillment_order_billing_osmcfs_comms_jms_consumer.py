"""ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer: takes orders off AIA_CRTBO_OUT_JMSQ to ProvABCSImpl (seed 003).

``Consume_Message`` over SOAP puts an order on that queue. Its ``Service`` side runs what is on the queue: the same code
as ProcessBilling, and the response goes to the producer's queue.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.abcs.ports import Outbox
from gateway.abcs.process_fulfillment_order_billing_brm_comms_prov_abcs_impl import ProvABCSImpl
from gateway.abcs.process_fulfillment_order_billing_response_osmcfs_comms_jms_producer import ResponseProducer
from gateway.messaging.unit import Effects, Plan, Reply, Unit

NAME = "ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer"
QUEUE = "AIA_CRTBO_OUT_JMSQ"


class OrderConsumer:
    """The ``Service`` of the queue. Its operation is ProcessBilling's: one ledger of duplicates for SOAP and queue."""

    name = NAME
    queue = QUEUE

    def __init__(self, abcs: ProvABCSImpl, producer: ResponseProducer) -> None:
        self._abcs = abcs
        self._producer = producer
        self.operation = abcs.operation

    def plan(self, body: bytes) -> Plan:
        """Decode and validate an order; raises BusinessError."""
        return self._abcs.plan(body)

    def work(self, plan: Plan, unit: Unit) -> Effects:
        """Bill the order; the response goes to the producer."""
        unit.story.tell(NAME, f"order {plan.order} of account {plan.account} for {plan.brm}")
        effects = self._abcs.work(plan, unit)
        return replace(effects, replies=(*effects.replies, self.response(effects.result)))

    def error_reply(self, plan: Plan, error: Exception) -> Reply | None:
        """Return the error response its sender asked for (responseCode), or None."""
        return self._replied(self._abcs.error_response(plan, error))

    def refusal(self, body: bytes, error: Exception) -> Reply | None:
        """Return the same for a message of which no plan could be made."""
        return self._replied(self._abcs.error_response(body, error))

    def response(self, result: bytes) -> Reply:
        """Return the response EBM as a message for the producer's queue."""
        return self._producer.reply(result)

    def group(self, body: bytes) -> str | None:
        """Return by what orders are taken one at a time: BRM and customer account; None when it cannot be read."""
        return self._abcs.group(body)

    def put(self, body: bytes, outbox: Outbox) -> None:
        """Put an order on the queue: ``Consume_Message``."""
        outbox.put(QUEUE, body, self.group(body))

    def _replied(self, body: bytes | None) -> Reply | None:
        return None if body is None else self._producer.reply(body)
