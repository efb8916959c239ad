"""What the cases talk to: the services of tests/samples/soapkit, and a list of what they have done."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from lxml import etree

from soapkit.faults import Fault
from soapkit.rpc import twin
from soapkit.server import Request, application
from tests.contract.soapkit import orders, siebel

REFUSED = "refused"
"""The id of an order that the handler refuses with a declared fault."""
BROKEN = "broken"
"""The id of an order on which the handler breaks."""


def site() -> WSGIApplication:
    """Make the site; a factory without arguments, found by name, told its address by the environment."""
    done: list[str] = []

    def place(request: Request) -> etree._Element:
        order = request.body.findtext(f"{orders.O}Id") or ""
        done.append(order)
        if order == REFUSED:
            raise Fault("Client", "The order is refused", orders.order_fault("E-1", "refused"))
        if order == BROKEN:
            raise RuntimeError("the order broke something")
        return orders.placed(order)

    def notified(request: Request) -> None:
        done.append(request.body.findtext(f"{orders.O}Id") or "")

    def effects(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ["\n".join(done).encode()]

    both = replace(siebel.service(), paths=())
    services = [orders.service(PlaceOrder=place, Notify=notified), both, twin(both, siebel.rpc())]
    return application(services, public_url=os.environ["SERVED_AT"], mounts={"/effects": effects})
