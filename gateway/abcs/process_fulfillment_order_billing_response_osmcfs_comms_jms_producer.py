"""ProcessFulfillmentOrderBillingResponseOSMCFSCommsJMSProducer: puts responses on AIA_UPDBO_IN_JMSQ (seed 003).

``Produce_ProcessFOBResponse`` over SOAP puts one by itself; the flow's own go with the commit of their order.
"""

from __future__ import annotations

from gateway.abcs.ports import Outbox
from gateway.messaging.unit import Reply

NAME = "ProcessFulfillmentOrderBillingResponseOSMCFSCommsJMSProducer"
QUEUE = "AIA_UPDBO_IN_JMSQ"


class ResponseProducer:
    """Where responses go."""

    name = NAME
    queue = QUEUE

    def reply(self, body: bytes) -> Reply:
        """Return a response to release with the outcome it tells."""
        return Reply(QUEUE, body)

    def put(self, body: bytes, outbox: Outbox) -> None:
        """Put a response on the queue now; responses are in no order."""
        outbox.put(QUEUE, body, None)
