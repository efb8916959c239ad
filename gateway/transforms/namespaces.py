"""Namespaces and element names (Clark notation) of the messages the order flows exchange."""

from __future__ import annotations

from functools import cache
from typing import Any

CORE = "http://xmlns.oracle.com/EnterpriseObjects/Core/Common/V2"
FORD = "http://xmlns.oracle.com/EnterpriseObjects/Core/EBO/FulfillmentOrder/V1"
FAILURE = "http://xmlns.oracle.com/EnterpriseObjects/Industry/Communications/OrderFailureData/V1"
SUBPROCESS = "http://xmlns.oracle.com/ProcessFulfillmentOrderBillingBRMCommsSubprocess"

NSMAP: dict[Any, str] = {None: FORD, "corecom": CORE}
"""How our own EBMs declare them; the key None is the default namespace, which lxml's types do not know."""


@cache
def core(name: str) -> str:
    """Return the Clark name of a corecom element."""
    return f"{{{CORE}}}{name}"


@cache
def ford(name: str) -> str:
    """Return the Clark name of a FulfillmentOrder element."""
    return f"{{{FORD}}}{name}"


@cache
def sub(name: str) -> str:
    """Return the Clark name of an element of a subprocess message."""
    return f"{{{SUBPROCESS}}}{name}"
