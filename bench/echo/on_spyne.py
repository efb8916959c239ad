"""The echo on plain Spyne, as its documentation shows it: ComplexModels, Soap11 validating by lxml, WsgiApplication.

Same contract, same bytes in. Where the two differ, Spyne has the advantage: only what comes in is validated. One line
is not from the documentation: the schema that Spyne makes of its classes cannot say that an element belongs to another
namespace than its parent, so it is given the contract's.
"""

from __future__ import annotations

from typing import Any
from wsgiref.types import WSGIApplication

from lxml import etree

import soapkit.spyne_compat  # noqa: F401 - must come before Spyne

# isort: split
from spyne import Application, ServiceBase, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from bench.echo.models import Models
from soapkit.catalog import contracts_root

PATH = "/"
_FORD = "http://xmlns.oracle.com/EnterpriseObjects/Core/EBO/FulfillmentOrder/V1"
_MESSAGE = f"{{{_FORD}}}ProcessFulfillmentOrderBillingEBM"


def build() -> WSGIApplication:
    """Make the application; the method answers the object it is given."""
    schema = contracts_root() / "xsd/ebm/FulfillmentOrderEBM.xsd"
    order = Models(schema).element(_MESSAGE)

    class Echo(ServiceBase):  # type: ignore[misc] # Spyne is untyped
        @rpc(order, _returns=order, _body_style="bare", _in_message_name=_MESSAGE, _out_message_name=_MESSAGE)  # type: ignore[untyped-decorator] # same
        def echo(self, message: Any) -> Any:
            return message

    reading = Soap11(validator="lxml")
    echo = WsgiApplication(Application([Echo], _FORD, "Echo", in_protocol=reading, out_protocol=Soap11()))
    reading.validation_schema = etree.XMLSchema(etree.parse(schema))
    return echo  # type: ignore[no-any-return] # same
