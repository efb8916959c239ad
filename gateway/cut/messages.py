"""The messages of the CUT workflows: what stands in an ``_Input``, what goes into an ``_Output``, and the XML string.

    <SiebelMessage MessageId="" MessageType="Integration Object" IntObjectName="CUT Sample Account IO"
                   IntObjectFormat="Siebel Hierarchical"><ListOfCutSampleAccountIo><Account>…

The string is written as Siebel's EAI XML Converter writes it, without a namespace, and read with or without one; the
list alone is read too.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from gateway.cut.objects import CutObject
from gateway.cut.workflows import Kind, Workflow, workflow
from gateway.errors import InvalidMessage
from gateway.transforms.reading import Element
from soapkit.faults import Refused
from soapkit.limits import Limits, parse

LONGEST_ID = 255
"""Characters of an id that is a key in the gateway's database."""

_MESSAGE = "SiebelMessage"
_PREFIX = "cut"
_YES = ("Y", "TRUE", "1")


@dataclass(frozen=True, slots=True)
class Data:
    """The data that a message brings: the list, detached; ``as_text`` says that it came as a string."""

    list: Element
    as_text: bool


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a system says of an object's records: ``list`` is detached, and not to be changed.

    ``number`` is the message's own, its intake. ``source`` is believed, empty for nobody in particular; ``last_seen``
    is the number of the last delivery that the source has seen of the record, where it says so.
    """

    list: Element
    number: int
    message_id: str = ""
    source: str = ""
    last_seen: int | None = None


def told(about: CutObject, body: Element, name: str) -> str:
    """Return a process property of a message, trimmed; empty when it is not there."""
    return (body.findtext(about.element(name)) or "").strip()


def named(about: CutObject, body: Element, name: str) -> str:
    """Return a process property that becomes a key of what is stored. Raises InvalidMessage for one too long."""
    text = told(about, body, name)
    if len(text) > LONGEST_ID:
        raise InvalidMessage(f"{name} has {len(text)} characters; at most {LONGEST_ID} are kept", element=name)
    return text


def wants_text(about: CutObject, body: Element) -> bool:
    """Tell whether the string is to be answered instead of the hierarchy."""
    return told(about, body, "Convert_spcto_spcXML").upper() in _YES


def data(about: CutObject, body: Element, limits: Limits) -> Data | None:
    """Take the data out of a message; None when it brings none. Raises InvalidMessage."""
    given, text = body.find(about.list_element), told(about, body, about.xml_property)
    if given is not None and text:
        raise InvalidMessage(
            f"the data are given twice, as a hierarchy and as {about.xml_property}", element=about.xml_property
        )
    if given is not None:
        body.remove(given)
        return Data(given, as_text=False)
    return Data(from_text(about, text, limits), as_text=True) if text else None


def from_text(about: CutObject, text: str, limits: Limits) -> Element:
    """Read the list out of a string, and hold it against the contract. Raises InvalidMessage."""
    try:
        root = parse(text.encode(), limits, charset="utf-8")
    except Refused as error:
        raise InvalidMessage(f"{about.xml_property}: {error.text} [{error.rule}]", element=about.xml_property) from None
    return from_document(about, root)


def from_document(about: CutObject, root: Element) -> Element:
    """Read the list out of a document that is a SiebelMessage or the list itself. Raises InvalidMessage."""
    found = _inside(about, root) if etree.QName(root).localname == _MESSAGE else root
    _qualify(found, about.namespace)
    if found.tag != about.list_element:
        wanted, there = etree.QName(about.list_element).localname, etree.QName(found).localname
        raise InvalidMessage(f"{about.name} data begin with {wanted}, not {there}", element=about.xml_property)
    if violations := about.contract.check(found):
        first = violations[0]
        raise InvalidMessage(f"{about.xml_property}: {first.text} [{first.rule} at {first.path}]", element=first.path)
    return found


def _inside(about: CutObject, message: Element) -> Element:
    named = message.get("IntObjectName", about.integration_object)
    if named != about.integration_object:
        raise InvalidMessage(f"the message is about '{named}', not {about.integration_object}", element="IntObjectName")
    if len(message) != 1:
        raise InvalidMessage(f"{_MESSAGE} holds {len(message)} elements; one list is needed", element=_MESSAGE)
    found = message[0]
    message.remove(found)
    return found


def _qualify(root: Element, namespace: str) -> None:
    """Put what has no namespace into the integration object's."""
    for element in root.iter():
        if not element.tag.startswith("{"):
            element.tag = f"{{{namespace}}}{element.tag}"


def to_text(about: CutObject, of: Element) -> str:
    """Write a list as a string; the list is used up."""
    for element in of.iter():
        element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(of)
    message = etree.Element(
        _MESSAGE,
        MessageId="",
        MessageType="Integration Object",
        IntObjectName=about.integration_object,
        IntObjectFormat="Siebel Hierarchical",
    )
    message.append(of)
    return str(etree.tostring(message, encoding="unicode"))


def answer(
    of: Workflow, found: Element | None, *, as_text: bool, last_page: bool | None = None, row_id: str = ""
) -> Element:
    """Write an ``_Output``; the list is used up, the row id is its first record's. Error code and text are empty."""
    about = of.about
    output = etree.Element(of.element("Output"), nsmap={_PREFIX: about.contract.namespace})
    if found is not None:
        row_id = about.row_id(next(iter(about.records(found)), None))

    def add(name: str, text: str) -> None:
        etree.SubElement(output, about.element(name)).text = text

    if found is not None and as_text:
        add(about.xml_property, to_text(about, found))
    elif found is not None:
        output.append(found)
    add("Error_spcCode", "")
    add("Error_spcMessage", "")
    if last_page is not None:
        add("LastPage", "true" if last_page else "false")
    add("Object_spcId", row_id)
    return output


def delivery(about: CutObject, of: Element, source: str) -> bytes:
    """Write what is stored for a subscriber: ``CUTReceive…_Input`` with a list (not changed)."""
    body = etree.Element(workflow(about, Kind.RECEIVE).element("Input"), nsmap={_PREFIX: about.contract.namespace})
    body.append(deepcopy(of))
    body[0].tail = None
    etree.SubElement(body, about.element("Source_spcSystem")).text = source
    return bytes(etree.tostring(body, encoding="UTF-8"))
