"""The operations that every object has: the workflows', and those of Siebel's own service, with their arguments."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.cut.scaffold.draft import Draft

LIST = ""
"""An argument without a name is the list of the integration object."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a message: text, or the list."""

    name: str
    documentation: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation; its messages are called after it."""

    name: str
    documentation: str
    input: tuple[Argument, ...]
    output: tuple[Argument, ...]


_LIST = Argument(LIST)
_GIVEN = Argument(LIST, required=True)
_ENDED = (
    Argument("Error_spcCode", "Empty when all went well.", required=True),
    Argument("Error_spcMessage", "The text that belongs to Error_spcCode.", required=True),
)
_OBJECT = Argument("Object_spcId", "Row id of the first record; empty when there is none.", required=True)
_MESSAGE = Argument("Message_spcId", "The message's own id: a repeated message changes nothing.")
_SPECIFICATION = (
    Argument("SearchSpec", "Siebel's grammar: [Status] = 'Open' AND [Name] LIKE 'J*'."),
    Argument("SortSpec", "Name, Created (DESCENDING)."),
)
_PAGE = (
    Argument("PageSize", "Records of a page; 10 unless said."),
    Argument("StartRowNum", "Number of the first record, from 0."),
)
_VIEW = (
    Argument("ViewMode", "Sales Rep, Manager, Personal, All, Organization, Group, Catalog or SubOrganization."),
    Argument("ExecutionMode", "ForwardOnly or Bidirectional."),
)
_LAST_PAGE = "true: there are no more behind this page."
_STATUS = Argument("StatusObject", "true: only row ids and modification numbers are answered.")
_ROW_ID = Argument("PrimaryRowId", "Row id of the first record.")


def workflows(of: Draft) -> tuple[Operation, ...]:
    """Give the workflows: Get, Send and Receive."""
    text = Argument(
        of.xml_property, f"The same as a string: a SiebelMessage of {of.integration_object} around the list."
    )
    convert = Argument("Convert_spcto_spcXML", f"Y: {of.xml_property} is answered instead of the hierarchy.")
    asked = Argument("Object_spcId", "Row id of the record; an unknown one is answered with an empty list.")
    get = (asked, *_SPECIFICATION, *_PAGE, convert)
    source = Argument("Source_spcSystem", "Who says so.")
    seen = Argument("Last_spcMessage_spcId", "The last message that the source has seen of this record.")
    last = Argument("LastPage", _LAST_PAGE)
    return (
        Operation(
            f"CUTGet{of.key}Data",
            f"CUT Get {of.name} Data: the record with a row id, or those of a search specification, whole.",
            get,
            (_LIST, text, *_ENDED, last, _OBJECT),
        ),
        Operation(
            f"CUTSend{of.key}Data",
            f"CUT Send {of.name} Data: asked by another system, the record is answered; told by Siebel, the change is "
            "stored for every subscriber before it is answered.",
            (asked, _LIST, text, _MESSAGE, convert),
            (_LIST, text, *_ENDED, _OBJECT),
        ),
        Operation(
            f"CUTReceive{of.key}Data",
            f"CUT Receive {of.name} Data: inserts or updates in Siebel, by user key, and answers row ids.",
            (_LIST, text, _MESSAGE, source, seen),
            (_LIST, text, *_ENDED, _OBJECT),
        ),
    )


def methods(of: Draft) -> tuple[Operation, ...]:
    """Give the methods of the EAI Siebel Adapter, as Siebel publishes them."""
    prefix = f"CUTSample{of.key}"
    found, written = (_GIVEN,), (_LIST, _ROW_ID)
    page = (_LIST, *_PAGE, *_SPECIFICATION, *_VIEW, Argument("NewQuery", "true: ask again."))
    by_id = (Argument("PrimaryRowId", "Row id of the record.", required=True),)
    last = Argument("LastPage", _LAST_PAGE, required=True)
    changes = (_GIVEN, _STATUS)
    rows: tuple[tuple[str, str, tuple[Argument, ...], tuple[Argument, ...]], ...] = (
        ("QueryById", "The record with a row id, whole; nothing when it is unknown.", by_id, found),
        ("QueryByExample", "The records that are like an example.", found, found),
        (
            "QueryPage",
            "A page of the records that satisfy a specification or are like an example.",
            page,
            (_GIVEN, last),
        ),
        ("Insert", "Makes records; refused when there is one already.", changes, written),
        ("Update", "Changes records; refused when there is none.", changes, written),
        ("InsertOrUpdate", "Makes or changes records; children that are not in the message stay.", changes, written),
        ("Synchronize", "Makes or changes records; children that are not in the message go.", changes, written),
        ("Delete", "Deletes records, and all that belongs to them.", (_LIST, _ROW_ID, _STATUS), written),
        ("Execute", "Does with each instance what its attribute operation says.", changes, written),
    )
    return tuple(Operation(f"{prefix}{suffix}", says, given, told) for suffix, says, given, told in rows)
