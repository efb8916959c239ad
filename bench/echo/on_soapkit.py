"""The echo on soapkit: validated in and out against the contract's own schemas."""

from __future__ import annotations

from pathlib import Path
from wsgiref.types import WSGIApplication

from soapkit.catalog import load
from soapkit.server import Service, application

PATH = "/services/Echo"


def build() -> WSGIApplication:
    """Make the application; the handler answers the element it is given."""
    contract = load(Path(__file__).with_name("Echo.wsdl"))
    return application([Service(contract, {"Echo": lambda request: request.body})], public_url="http://127.0.0.1")
