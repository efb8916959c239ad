"""Answers: what a method came to, as the message that the contract declares."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from siebel_sim.adapter import Answer, Arguments
from siebel_sim.operations import Part, Served
from siebel_sim.record_xml import Style, write
from siebel_sim.repository import Object
from siebel_sim.values import Wording

_IN_AND_OUT = ("Process_spcInstance_spcId", "Object_spcId")
"""Process properties that a workflow gives back as they came, unless it sets them."""


def written(served: Served, answer: Answer, arguments: Arguments) -> etree._Element:
    """Write the answer: its integration object, and every other argument that the contract declares."""
    output = served.operation.output or ""
    element = etree.Element(output, nsmap={"ns": etree.QName(output).namespace} if output.startswith("{") else None)
    told = _told(answer, arguments.values)
    for part in served.output:
        if part.object is not None:
            _write_object(element, part, part.object, answer, arguments.wording)
        elif part.name in told:
            etree.SubElement(element, part.element).text = told[part.name]
        elif not part.optional and part.is_text:
            etree.SubElement(element, part.element)
    return element


def _write_object(element: etree._Element, part: Part, about: Object, answer: Answer, wording: Wording) -> None:
    found = write(part.list_element, about, answer.records, Style(answer.shape, wording))
    if "lastpage" in about.attributes and answer.last_page is not None:
        found.set("lastpage", _flag(answer.last_page))
    if "recordcount" in about.attributes and answer.total is not None:
        found.set("recordcount", str(answer.total))
    (_message(element, part, about) if part.is_wrapped else element).append(found)


def _message(element: etree._Element, part: Part, about: Object) -> etree._Element:
    """Write the SiebelMessage around a list, with what its schema lets it say of itself."""
    message = etree.SubElement(element, part.element)
    said = {
        "MessageId": "",
        "MessageType": "Integration Object",
        "IntObjectName": about.name,
        "IntObjectFormat": "Siebel Hierarchical",
    }
    for name in said.keys() & part.attributes:
        message.set(name, said[name])
    return message


def _told(answer: Answer, given: Mapping[str, str]) -> dict[str, str]:
    """Give the output arguments by name; what Siebel says of an error when there is none, too."""
    told = {name: given[name] for name in _IN_AND_OUT if name in given}
    told |= {"NumOutputObjects": str(len(answer.records)), "ErrorCode": "0x0", **answer.values}
    if answer.records and answer.records[0].row_id:
        told["PrimaryRowId"] = told["Object_spcId"] = answer.records[0].row_id
    if answer.last_page is not None:
        told["LastPage"] = _flag(answer.last_page)
    return told


def _flag(value: bool) -> str:
    return "true" if value else "false"
