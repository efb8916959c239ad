"""The schemas of a contract as objects, for what reads them rather than checks messages: examples, pages, comparisons.

Validation of messages is libxml2's (``soapkit.schemas``); this model is xmlschema's. It is built from the same
documents, from a directory that exists for that moment, and nothing outside of it is ever loaded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import xmlschema
from xmlschema.validators import XsdAttribute, XsdComplexType, XsdElement, XsdSimpleType, XsdType

from soapkit.catalog import Contract
from soapkit.documents import ContractError

_SPACE = re.compile(r"\s+")
_MOST_CONTRACTS = 64


@lru_cache(_MOST_CONTRACTS)
def schema_model(contract: Contract) -> xmlschema.XMLSchema10:
    """Return the model of all schemas of ``contract``; built once. Raises ContractError when it cannot be built."""
    with TemporaryDirectory(prefix="soapkit-") as directory:
        for name, content in contract.schemas.documents.items():
            Path(directory, name).write_bytes(content)
        try:
            # libxml2 has checked these schemas already; to hold them against the schema of schemas takes half the time
            start = str(Path(directory, contract.schemas.start))
            return xmlschema.XMLSchema10(start, allow="sandbox", validation="skip")
        except xmlschema.XMLSchemaException as error:
            said = getattr(error, "message", None) or type(error).__name__  # all of it would name temporary files
            raise ContractError(f"{contract.wsdl}: {said}") from error


def global_element(contract: Contract, name: str) -> XsdElement:
    """Return the global element called ``name`` (Clark notation); raises ContractError when there is none."""
    found = schema_model(contract).maps.elements.get(name)
    if not isinstance(found, XsdElement):
        raise ContractError(f"{contract.name} has no element {name}")
    return found


def documentation(component: XsdElement | XsdAttribute | XsdType) -> str:
    """Return what the schema says about ``component`` itself, on one line; a reference says what its target says."""
    annotation = component.annotation
    if annotation is None and isinstance(component, XsdElement | XsdAttribute) and component.ref is not None:
        annotation = component.ref.annotation
    texts = [] if annotation is None else ["".join(node.itertext()) for node in annotation.documentation]
    return _SPACE.sub(" ", " ".join(texts)).strip()


def text_type(kind: XsdType) -> XsdSimpleType | None:
    """Return the simple type of the text in an element of type ``kind``; None when it has none."""
    if isinstance(kind, XsdSimpleType):
        return kind
    if isinstance(kind, XsdComplexType) and isinstance(kind.content, XsdSimpleType):
        return kind.content
    return None
