"""The operations of contracts: each, by the suffix of its name, is a method of the adapter.

=================  ===========  ==============================================
suffix             method       takes
=================  ===========  ==============================================
QueryById          Query        PrimaryRowId
QueryByExample     Query        an integration object
QueryPage          QueryPage    an integration object, PageSize, StartRowNum …
Query              Query        any of them
InsertOrUpdate     Upsert       an integration object
Insert …           …            the same; so Update, Synchronize, Execute
Delete             Delete       an integration object, PrimaryRowId …
Init               Init         an integration object (UI data adapter)
=================  ===========  ==============================================

An operation that is called like a method of another business service (GetAccountHierarchy) is that method. One with
another name, or without an integration object where its method has to have one, is not simulated. An operation that
answers Error_spcCode is a workflow: what its step refuses is told as the workflow's error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from xmlschema.validators import XsdElement

from siebel_sim.adapter import BUSINESS_METHODS, METHODS, Method
from siebel_sim.integration_objects import attributes_of, content, key_of, list_in, occurs
from siebel_sim.repository import Object, Repository
from soapkit.catalog import Contract, Operation
from soapkit.schema_model import global_element, text_type

_SUFFIXES: Mapping[str, str] = {
    "QueryByExample": "Query",
    "QueryById": "Query",
    "QueryPage": "QueryPage",
    "Query": "Query",
    "InsertOrUpdate": "Upsert",
    "Upsert": "Upsert",
    "Insert": "Insert",
    "Update": "Update",
    "Synchronize": "Synchronize",
    "Delete": "Delete",
    "Execute": "Execute",
    "Init": "Init",
}
"""How operations end → methods of the adapter; the first that fits counts."""

_ERROR = "Error_spcCode"
_NUMBERED = re.compile(r"_\d+$")


@dataclass(frozen=True, slots=True)
class Part:
    """An argument of a message: its element (Clark), and the integration object in it, if it holds one.

    ``list_element`` is that object's list; it is the argument itself, or is inside of it (a SiebelMessage).
    ``attributes`` are those that the argument may have.
    """

    element: str
    name: str
    optional: bool
    is_text: bool
    object: Object | None
    list_element: str
    attributes: frozenset[str] = frozenset()

    @property
    def is_wrapped(self) -> bool:
        """Whether the list is inside of the argument."""
        return self.list_element != self.element


@dataclass(frozen=True, slots=True)
class Served:
    """An operation and the method behind it; None for one that is not simulated."""

    operation: Operation
    method: Method | None
    input: tuple[Part, ...]
    output: tuple[Part, ...]

    @property
    def given(self) -> Part | None:
        """The argument with the integration object of the request."""
        return next((part for part in self.input if part.object is not None), None)

    @property
    def is_workflow(self) -> bool:
        """Whether a workflow is behind it."""
        return any(part.name == _ERROR for part in self.output)

    @property
    def target(self) -> Object | None:
        """The integration object that is asked for, or written."""
        answered = next((part.object for part in self.output if part.object is not None), None)
        given = self.given.object if self.given is not None else None
        return given if self.method is not None and self.method.writes and given is not None else answered or given


def operations(contract: Contract, repository: Repository) -> Mapping[str, Served]:
    """Give every operation of a contract, and what is behind it."""
    objects = repository.objects[contract]
    return {operation.name: _served(contract, operation, objects) for operation in contract.operations}


def _served(contract: Contract, operation: Operation, objects: Mapping[str, Object]) -> Served:
    asked = tuple(_parts(contract, operation.input, objects))
    answered = tuple(_parts(contract, operation.output, objects)) if operation.output else ()
    served = Served(operation, _method(operation.name), asked, answered)
    by_id = any(part.name == "PrimaryRowId" for part in asked)
    usable = served.given is not None or by_id or operation.name in BUSINESS_METHODS
    return served if usable and served.target is not None else replace(served, method=None)


def _method(name: str) -> Method | None:
    bare = _NUMBERED.sub("", name)
    if bare in BUSINESS_METHODS:
        return BUSINESS_METHODS[bare]
    return next((METHODS[method] for suffix, method in _SUFFIXES.items() if bare.endswith(suffix)), None)


def _parts(contract: Contract, message: str, objects: Mapping[str, Object]) -> Iterator[Part]:
    for argument in content(global_element(contract, message)):
        found = list_in(argument)
        about = objects[key_of(found)] if found is not None else None
        yield Part(
            argument.name,
            argument.local_name,
            occurs(argument) == 0,
            _is_text(argument),
            about,
            argument.name if found is None else found.name,
            attributes_of(argument),
        )


def _is_text(argument: XsdElement) -> bool:
    kind = text_type(argument.type)
    return kind is not None and kind.is_valid("")
