"""Pages for people: the list of services, and one page a service. Everything from outside is escaped by Jinja."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from lxml import etree
from markupsafe import Markup

from soapkit.catalog import Contract, ContractError, Operation
from soapkit.publish.descriptions import Description, describe
from soapkit.publish.documents import Publisher
from soapkit.publish.examples import FAULT, REQUEST, RESPONSE, VERSIONS, example, header_block, written_request
from soapkit.publish.toolkits import curl, toolkits
from soapkit.schema_model import schema_model
from soapkit.versions import Version

_TEMPLATES = files("soapkit.publish") / "templates"
_STYLE = (_TEMPLATES / "page.css").read_text("utf-8")
_SCRIPT = (_TEMPLATES / "try_it.js").read_text("utf-8")
_MOST_SHOWN = 8_000
"""Characters of a full example that is shown; a longer one is a link, and the minimal one is shown."""

_environment = Environment(
    loader=PackageLoader("soapkit.publish"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_environment.globals |= {
    "style": Markup(_STYLE),  # noqa: S704 - a file of ours
    "script": Markup(_SCRIPT),  # noqa: S704 - a file of ours
}


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; connect-src 'self'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load: this style, this script, this site, and nothing else."""

HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A service as the list shows it."""

    contract: Contract
    address: str


def service_page(
    contract: Contract, publisher: Publisher, address: str, *, up: str, try_it: bool, credentials: bool
) -> bytes:
    """Return the page of ``contract``, served at ``address``; ``up`` leads from the page to the list.

    ``credentials`` says that calls need a name and a password, so that the form and the curl lines ask for them.
    """
    text = describe(contract)
    operations = [_operation(contract, each, text, address, credentials=credentials) for each in contract.operations]
    return _rendered(
        "service.html",
        name=contract.name,
        namespace=contract.namespace,
        about=text.service,
        address=address,
        list=up,
        documents=[_document(name) for name in publisher.schema_names],
        single=publisher.can_be_single,
        toolkits=toolkits(address, namespaces(contract)),
        operations=operations,
        try_it=try_it,
        credentials=credentials,
    )


def index_page(services: Sequence[Listed], here: str) -> bytes:
    """Return the list of services; ``here`` leads from the page's own address to theirs."""
    return _rendered("index.html", services=[_listed(each) for each in services], here=here)


def namespaces(contract: Contract) -> set[str]:
    """Return the namespaces of everything that a message of ``contract`` may hold."""
    return {etree.QName(name).namespace or "" for name in schema_model(contract).maps.elements}


def _rendered(template: str, **context: Any) -> bytes:
    return _environment.get_template(template).render(context).encode()


def _listed(service: Listed) -> Mapping[str, object]:
    about = describe(service.contract).service
    return {
        "name": service.contract.name,
        "about": about[0] if about else "",
        "operations": [each.name for each in service.contract.operations],
        "address": service.address,
    }


def _document(name: str) -> Mapping[str, str]:
    kind = "wsdl" if name.endswith(".wsdl") else "xsd"
    return {"name": name, "href": f"?{urlencode({kind: name})}"}


def _operation(
    contract: Contract, operation: Operation, text: Description, address: str, *, credentials: bool
) -> Mapping[str, object]:
    return {
        "name": operation.name,
        "about": text.operations.get(operation.name, ()),
        "soap_action": operation.soap_action,
        "style": operation.style.value,
        "one_way": operation.output is None,
        "request": _shown(contract, operation, REQUEST),
        "minimal": _text(contract, operation, REQUEST, full=False),
        "response": _shown(contract, operation, RESPONSE) if operation.output else "",
        "links": list(_links(operation)),
        "curl": curl(address, operation.name, operation.soap_action, credentials=credentials),
        "headers": [_header(contract, element) for element in operation.headers],
        "faults": [_fault(contract, operation, name, text) for name in operation.faults],
    }


def _shown(contract: Contract, operation: Operation, part: str) -> str:
    if part == REQUEST and written_request(contract, operation) is not None:
        return _text(contract, operation, part, full=False)
    full = _text(contract, operation, part, full=True)
    return full if len(full) <= _MOST_SHOWN else _text(contract, operation, part, full=False)


def _text(contract: Contract, operation: Operation, part: str, *, full: bool) -> str:
    try:
        return (example(contract, operation.name, part, Version.SOAP_11, full=full) or b"").decode()
    except ContractError as error:  # the rest of the page is of use all the same
        return f"No example can be made: {error}"


def _links(operation: Operation) -> Iterator[Mapping[str, str]]:
    parts = (REQUEST, RESPONSE) if operation.output else (REQUEST,)
    for part in parts:
        for version in VERSIONS:
            for size in ("minimal", "full"):
                query = {"example": operation.name, "part": part, "soap": version}
                if size == "full":
                    query["full"] = "1"
                yield {"href": f"?{urlencode(query)}", "text": f"{size} {part}, SOAP {version}"}


def _header(contract: Contract, element: str) -> Mapping[str, str]:
    try:
        text = header_block(contract, element)
    except ContractError as error:
        text = f"No example can be made: {error}"
    return {"name": etree.QName(element).localname, "text": text}


def _fault(contract: Contract, operation: Operation, name: str, text: Description) -> Mapping[str, object]:
    return {
        "name": name,
        "about": text.faults.get((operation.name, name), ()),
        "text": _shown(contract, operation, f"{FAULT}:{name}"),
    }
