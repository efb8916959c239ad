"""What a server refuses before any application sees it, answered as a SOAP fault all the same."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus

import structlog

from soapkit.envelope import wrap_fault
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.http import Response, media_type
from soapkit.versions import Version

_log = structlog.get_logger(__name__)
_SERVER_ERROR = 500
_RULES: Mapping[int, tuple[str, str]] = {
    408: ("max-seconds", "The request did not arrive in the time allowed"),
    413: ("max-bytes", "The message is larger than what is accepted"),
    431: ("max-header-bytes", "The HTTP headers are larger than what is accepted"),
    500: ("server", "The service failed to process the request"),
    501: ("http", "The HTTP request asks for what is not implemented"),
}
_MALFORMED = ("http", "The HTTP request is malformed")


def refusal(status: int, content_type: str = "") -> Response:
    """Answer ``status`` with a fault in the SOAP version that the request's ``content_type`` speaks; log it."""
    rule, text = _RULES.get(status, _MALFORMED)
    version = Version.SOAP_12 if media_type(content_type).name == Version.SOAP_12.media_type else Version.SOAP_11
    correlation_id = str(uuid.uuid4())
    _log.info("request refused", rule=rule, status=status, correlation_id=correlation_id)
    code = FaultCode.SERVER if status >= _SERVER_ERROR else FaultCode.CLIENT
    fault = Fault(code, f"{Refused(rule, text)} (correlation id {correlation_id})")
    named = ("X-Correlation-Id", correlation_id)
    return Response.of(HTTPStatus(status), version.content_type, wrap_fault(fault, version=version), named)
