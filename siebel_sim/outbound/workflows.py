"""Workflows that send: ``CUT Send Account Data`` is the operation CUTSendAccountData of a contract, told by its input.

The contract is the receiver's: its input holds the integration object, and may have places for the row id and for the
message's own id. Who made the change has no place there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lxml import etree

from siebel_sim.integration_objects import content, integration_objects, key_of, list_in
from siebel_sim.messages import Record
from siebel_sim.record_xml import write
from siebel_sim.repository import Object
from soapkit.catalog import Contract, Operation, load
from soapkit.schema_model import global_element

_SENDS = "CUTSend"
_ROW_ID = "Object_spcId"
_MESSAGE_ID = "Message_spcId"


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow that sends an integration object, ``about`` by its name; ``arguments`` are its input's, in order.

    ``list_element`` (Clark) is the argument that holds the object.
    """

    contract: Contract
    operation: Operation
    about: str
    list_element: str
    arguments: tuple[str, ...]

    def message(self, records: list[Record], about: Object, message_id: str) -> str:
        """Write the input: one record with all that is below it, as the adapter has read it."""
        told = {_ROW_ID: records[0].row_id, _MESSAGE_ID: message_id}
        body = etree.Element(self.operation.input, nsmap={"cut": self.contract.namespace})
        for argument in self.arguments:
            name = etree.QName(argument).localname
            if argument == self.list_element:
                body.append(write(argument, about, records))
            elif name in told:
                etree.SubElement(body, argument).text = told[name]
        return etree.tostring(body, encoding="unicode")


def name_of(workflow: str) -> str:
    """Give the operation that stands for a workflow: its name without spaces."""
    return "".join(workflow.split())


def workflows_in(*folders: Path) -> Mapping[str, Workflow]:
    """Find the workflows that send in the contracts of ``folders``, by operation. Raises ContractError for a bad one.

    Of one that several folders have, the last counts.
    """
    paths = [path for folder in folders for path in sorted(folder.rglob("*.wsdl"))]
    found = (_workflows(load(path.resolve())) for path in paths)
    return {each.operation.name: each for several in found for each in several}


def _workflows(contract: Contract) -> Iterable[Workflow]:
    operations = (each for each in contract.operations if each.name.startswith(_SENDS))
    return filter(None, map(partial(_workflow, contract), operations))


def _workflow(contract: Contract, operation: Operation) -> Workflow | None:
    arguments = content(global_element(contract, operation.input))
    for argument in arguments:
        element = list_in(argument)
        if element is not None and element.name == argument.name:
            about = integration_objects(contract)[key_of(element)]
            names = tuple(each.name for each in arguments)
            return Workflow(contract, operation, about.name, argument.name, names)
    return None
