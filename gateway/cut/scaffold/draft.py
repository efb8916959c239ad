"""An object that is not there yet: every name that follows from its own, and its fields.

Meter Reading → CUT Sample Meter Reading IO, CutMeterReading, CUTGetMeterReadingData, Meter_spcReading_spcXML …
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from gateway.cut.objects import SHIPPED

_NAME = re.compile(r"[A-Z][A-Za-z0-9]*( [A-Z0-9][A-Za-z0-9]*)*")
_LONGEST = 40


class ScaffoldError(Exception):
    """An object cannot be drafted or written; the text says which name or file, and why."""


class Kind(StrEnum):
    """What a field holds, in the words of Siebel's sidecars."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"


_SAYS = {
    Kind.TEXT: "100 characters at most.",
    Kind.NUMBER: "A number.",
    Kind.INTEGER: "A whole number.",
    Kind.DATE: "A day, MM/dd/yyyy.",
    Kind.DATETIME: "A moment, MM/dd/yyyy HH:mm:ss in UTC.",
    Kind.BOOLEAN: "Y or N.",
}
_EXAMPLES = {
    Kind.TEXT: "Example",
    Kind.NUMBER: "12.5",
    Kind.INTEGER: "12",
    Kind.DATE: "03/01/2026",
    Kind.DATETIME: "03/01/2026 09:30:00",
    Kind.BOOLEAN: "Y",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its name in Siebel (``Read At``). ``system`` ones are Siebel's own: no message writes them."""

    name: str
    kind: Kind = Kind.TEXT
    documentation: str = ""
    required: bool = False
    system: bool = False
    picklist: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """Its element: the name without spaces."""
        return self.name.replace(" ", "")

    @property
    def says(self) -> str:
        """What the schema tells of it."""
        return self.documentation or _SAYS[self.kind]

    @property
    def example(self) -> str:
        """A value that Siebel takes."""
        return self.picklist[0] if self.picklist else _EXAMPLES[self.kind]

    @property
    def facts(self) -> str:
        """What the sidecar says of it, as TOML; empty for Siebel's own."""
        if self.system:
            return ""
        said = ["length = 100"] if self.kind is Kind.TEXT else [f'type = "{self.kind}"']
        if self.required:
            said.append("required = true")
        if self.picklist:
            values = ", ".join(f'"{value}"' for value in self.picklist)
            said += [f"picklist = [{values}]", f'default = "{self.picklist[0]}"']
        return f"{{ {', '.join(said)} }}"


@dataclass(frozen=True, slots=True)
class Draft:
    """An object by its name in Siebel (``Meter Reading``), and the fields of its one component."""

    name: str
    fields: tuple[Field, ...]

    @property
    def key(self) -> str:
        """Its name without spaces, as it is in the names of operations."""
        return self.name.replace(" ", "")

    @property
    def integration_object(self) -> str:
        """``CUT Sample Meter Reading IO``."""
        return f"CUT Sample {self.name} IO"

    @property
    def namespace(self) -> str:
        """The namespace of the integration object."""
        return f"http://www.siebel.com/xml/{quote(self.integration_object)}"

    @property
    def list_tag(self) -> str:
        """The element of its list: every word with one capital."""
        return "ListOf" + "".join(word.capitalize() for word in self.integration_object.split())

    @property
    def component(self) -> str:
        """The tag of its component: ``CutMeterReading``."""
        return f"Cut{''.join(word.capitalize() for word in self.name.split())}"

    @property
    def business_component(self) -> str:
        """The business component behind it: ``CUT Meter Reading``."""
        return f"CUT {self.name}"

    @property
    def xml_property(self) -> str:
        """The process property with the XML string, escaped."""
        return f"{self.name.replace(' ', '_spc')}_spcXML"

    @property
    def number(self) -> Field:
        """The field that tells its records apart: a user key."""
        return self.fields[2]


def draft(name: str, further: Iterable[Field] = ()) -> Draft:
    """Draft an object: id, keys, account and status, then ``further`` fields. Raises ScaffoldError for a bad name."""
    given = tuple(further)
    for each in (name, *(field.name for field in given)):
        if not _NAME.fullmatch(each) or len(each) > _LONGEST:
            raise ScaffoldError(
                f"'{each}' is no name: words that begin with a capital, letters and digits, {_LONGEST} at most"
            )
    if name.replace(" ", "").upper() in {row.key.upper() for row in SHIPPED}:
        raise ScaffoldError(f"{name} is one of the objects that there are")
    fields = (*_first(name), *given, *_last())
    seen: set[str] = set()
    for field in fields:
        if field.tag.lower() in seen:
            raise ScaffoldError(f"{name} has the field {field.name} twice")
        seen.add(field.tag.lower())
    return Draft(name, fields)


def _first(name: str) -> tuple[Field, ...]:
    return (
        Field("Id", documentation="Row id, given by Siebel.", system=True),
        Field("Integration Id", documentation="What another system calls it; a user key."),
        Field(f"{name} Number", documentation="Its number; a user key, required of a new record.", required=True),
        Field("Account Id", documentation="Row id of the account that it is about."),
        Field("Status", documentation="Open unless said; Open or Closed.", picklist=("Open", "Closed")),
    )


def _last() -> tuple[Field, ...]:
    return (
        Field("Created", documentation="When it was made; Siebel's own.", system=True),
        Field("Updated", documentation="When it was last changed; Siebel's own.", system=True),
        Field(
            "Mod Id", documentation="Rises with each change; a write that carries an older one is refused.", system=True
        ),
    )
