"""Business components: what a table holds, and what Siebel demands of each field."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from siebel_sim.values import Kind

_LONGEST_NAME = 48
"""Characters of a table or column: PostgreSQL has 63, and prefixes come before it."""

ROW_ID = "row_id"
PARENT = "parent_row_id"
MOD_ID = "mod_id"


@dataclass(frozen=True)
class BusinessField:
    """A field of a business component; ``name`` is Siebel's, ``length`` in characters, ``default`` as stored.

    ``picklist`` holds language-independent codes, which are stored; ``displays`` what the language shows of them, where
    that is something else. ``form`` is what a value has to look like, all of it.
    """

    name: str
    column: str
    kind: Kind = Kind.TEXT
    length: int | None = None
    required: bool = False
    read_only: bool = False
    picklist: tuple[str, ...] = ()
    bounded: bool = True
    default: str | None = None
    displays: Mapping[str, str] = field(default_factory=dict, hash=False)
    form: re.Pattern[str] | None = None

    @cached_property
    def codes(self) -> Mapping[str, str]:
        """The values of the pick list by what is displayed of them."""
        return {display: code for code, display in self.displays.items()}


SYSTEM: Mapping[str, BusinessField] = {
    each.column: each
    for each in (
        BusinessField("Id", ROW_ID),
        BusinessField("Parent Row Id", PARENT),
        BusinessField("Created", "created", Kind.DATETIME),
        BusinessField("Updated", "updated", Kind.DATETIME),
        BusinessField("Mod Id", MOD_ID, Kind.INTEGER),
        BusinessField("Conflict Id", "conflict_id"),
    )
}
"""Fields of every business component, by column: Siebel sets them, what a message says about them is only compared."""


@dataclass(frozen=True, slots=True)
class BusinessComponent:
    """A business component: its table, its fields by column, the columns of its user keys, the tables of children.

    ``searches`` are its predefined queries. ``views`` names for a view mode, squeezed, the field that restricts
    it to the caller's own records.
    """

    name: str
    table: str
    fields: Mapping[str, BusinessField]
    keys: frozenset[tuple[str, ...]]
    children: frozenset[str]
    searches: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)

    def field(self, column: str) -> BusinessField:
        """Return the field in ``column``, a system field too."""
        return SYSTEM.get(column) or self.fields[column]


def squeezed(name: str) -> str:
    """Reduce a name to its letters and digits: ``Integration Id`` and ``IntegrationId`` are one."""
    return "".join(character for character in name.lower() if character.isalnum())


def table_of(name: str) -> str:
    """Name the table of the business component ``name``."""
    return f"bc_{_short(squeezed(name))}"


def column_of(name: str) -> str:
    """Name the column of the field ``name``."""
    bare = squeezed(name)
    return _SYSTEM_NAMES.get(bare) or f"f_{_short(bare)}"


_SYSTEM_NAMES = {squeezed(each.name): column for column, each in SYSTEM.items()} | {"rowid": ROW_ID}


def _short(bare: str) -> str:
    if len(bare) <= _LONGEST_NAME and bare.isascii():
        return bare
    digest = hashlib.sha256(bare.encode()).hexdigest()[:12]
    return f"{''.join(c for c in bare if c.isascii())[: _LONGEST_NAME - 13]}_{digest}"
