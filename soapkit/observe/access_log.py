"""One line for each SOAP call: what was called, how it ended, how long it took, by whom; nothing of what it said."""

from __future__ import annotations

import structlog

from soapkit.observe.observed import Answered
from soapkit.versions import Version

_log = structlog.get_logger("soapkit.request")
_SOAP = {Version.SOAP_11: "1.1", Version.SOAP_12: "1.2"}


def log_call(seen: Answered) -> None:
    """Write the event ``request``, at info."""
    exchange = seen.exchange
    about = {
        "service": seen.service,
        "operation": seen.operation,
        "soap": _SOAP[exchange.version],
        "status": seen.status,
        "ms": round(seen.seconds * 1000, 2),
        "bytes_in": len(exchange.raw),
        "bytes_out": seen.bytes_out,
        "correlation_id": exchange.correlation_id,
        "client": seen.client,
    }
    if exchange.caller is not None:
        about["caller"] = exchange.caller.name
    if exchange.fault is not None:
        about |= {"fault": str(exchange.fault.code), "rule": exchange.rule}
    _log.info("request", **about)
