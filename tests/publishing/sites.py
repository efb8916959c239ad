"""Sites for server processes, which import what they serve."""

from __future__ import annotations

import os
from wsgiref.types import WSGIApplication

from soapkit.publish import Publishing, network
from soapkit.server import application
from tests.contract.soapkit.orders import service
from tests.serving.servers import ADDRESS


def behind_a_proxy_here() -> WSGIApplication:
    """Make the Orders site, which believes a proxy on this machine."""
    publishing = Publishing(trusted_proxies=(network("127.0.0.1"),))
    return application([service()], public_url=os.environ[ADDRESS], publishing=publishing)


def alone() -> WSGIApplication:
    """Make the Orders site, which believes nobody."""
    return application([service()], public_url=os.environ[ADDRESS])
